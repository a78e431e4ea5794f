"""The trail: who saw and did what, and whether the record of it is whole."""
