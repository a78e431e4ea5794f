"""The form of the next stage: what was typed, what is wrong, and what the client would read."""
