"""An SMSC to try SMPP against: the server of smpp34 (MIT), which nobody here wrote, on this machine alone."""
