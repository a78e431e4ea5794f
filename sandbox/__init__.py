"""Peers that behave like the real ones: a back office, providers, a telephone.

For the demo and the tests; not in the wheel.
"""
