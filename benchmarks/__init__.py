"""The product beside its yardsticks and its peers, in one run: ratios, never seconds."""
