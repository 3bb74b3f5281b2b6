"""Correlation around events."""
