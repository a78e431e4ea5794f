"""What became of a message: receipts, bounces, and questions to the provider where nobody told."""
