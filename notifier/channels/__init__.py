"""One module a way to reach a person."""
