"""One module a kind of back office."""
