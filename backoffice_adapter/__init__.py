"""Cases of an insurer's back office into claim snapshots, and a handler's changes back into it."""
