"""Correlation over time."""
