"""What people write, tap and press, over whichever channel and however late."""
