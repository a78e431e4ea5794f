"""SMS over SMPP 3.4: a bind to an SMSC that stays open, what leaves over it, and what it brings."""
