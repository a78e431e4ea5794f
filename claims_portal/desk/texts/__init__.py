"""The texts of messages, put in force by two people."""
