"""Texts that were edited here: proposed, looked at, put in force by two people, watched."""
