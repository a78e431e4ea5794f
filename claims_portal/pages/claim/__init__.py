"""The claim page: everything a policyholder may know about one claim, answer first."""
