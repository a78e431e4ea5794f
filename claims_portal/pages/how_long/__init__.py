"""The public page of how long claims take."""
