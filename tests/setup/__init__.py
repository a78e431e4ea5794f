"""Set-up where others fail: odd machines, odd folders, odd surroundings."""
