"""What may be told when, and to whom: decisions over values, which know no database."""
