"""Feeds, status pages, registers and news files."""
