"""How everything stands, for whoever runs it: `/desk/health` and `claims health` say the same."""
