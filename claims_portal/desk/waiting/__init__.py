"""What waits for somebody at the desk, as rows, and the rail that counts them."""
