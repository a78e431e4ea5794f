"""Commands of the notifier."""
