"""What a claim is: its stages, its facts, its promises, and the one door through which they are written."""
