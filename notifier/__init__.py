"""Who is told what, when, over which channel, and whether it arrived."""
