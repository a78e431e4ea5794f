"""What we hold about a person: which tables, why and how long (`held`), as a copy to take along, and its erasure."""
