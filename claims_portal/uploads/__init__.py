"""Files that policyholders send: taken bit by bit, checked by their content, kept under names of our own."""
