"""Who is told of what at the desk: the rules in force, and drafts that two people put in force."""
