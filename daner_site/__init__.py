"""DANER: composition root on top, accounts and core at the bottom."""
