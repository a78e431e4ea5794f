"""A port that no other test of this machine is about to take."""

import socket


def free_port() -> int:
    """One that the system has just given out; it hands out another to whoever asks next."""
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return int(tried.getsockname()[1])
