"""Questions to answer and people to call, each against a clock."""
