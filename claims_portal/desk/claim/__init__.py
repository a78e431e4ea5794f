"""One claim as a handler sees it: where it stands, its history, and what waits for a word."""
