"""The queue: which claim next, and the search."""
