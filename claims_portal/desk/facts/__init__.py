"""What the desk knows about one claim and the people who hear of it."""
