"""Our own stand-ins for what is not ours."""
