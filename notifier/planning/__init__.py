"""Which fact becomes which message, now or on a clock; what only a call can tell is planned here too."""
