"""What a message says: its values, its words in both languages, its length, and the words that people write to us."""
