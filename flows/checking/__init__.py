"""Texts checked on the published file of a home."""
