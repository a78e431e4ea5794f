"""Figures of the ledger, computed at night and read as rows. Only this package knows scipy and statsmodels."""
