"""First load and unchanged load of claims, by the product and by others; each measured in a process of its own.

Nothing is imported here: a lane of the product imports the main module's package anew.
"""
