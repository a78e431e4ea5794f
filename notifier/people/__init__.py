"""What a person allowed, chose and linked, and what a provider says about their address."""
