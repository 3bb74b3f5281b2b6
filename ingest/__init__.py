"""Fetch and parse prices and news."""
