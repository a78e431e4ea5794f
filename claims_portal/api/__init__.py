"""What programs see: JSON and webhooks."""
