"""Letters: composed from one text, handed to a mail server, and what comes back when they cannot be delivered."""
