"""What the insurer's staff sees."""
