"""Commands of the core: `claims db`, `claims jobs`."""
