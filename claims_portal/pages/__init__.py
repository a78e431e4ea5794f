"""What the policyholder sees."""
