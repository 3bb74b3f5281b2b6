"""Prices as returns on one calendar."""
