"""What a handler does to a claim; each leads back to its page."""
