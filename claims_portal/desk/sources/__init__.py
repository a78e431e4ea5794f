"""What came from the back offices and needs a person."""
