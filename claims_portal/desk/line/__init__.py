"""The telephone rings: who that may be, what there is to know before a word is said, and what came of it."""
