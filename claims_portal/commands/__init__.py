"""The commands of the portal: one module each, found by name in `claims_cli.COMMANDS`."""
