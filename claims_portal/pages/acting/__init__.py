"""What a policyholder does about a claim: sends files, an account, a wish, a disagreement."""
