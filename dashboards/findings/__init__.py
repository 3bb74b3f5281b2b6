"""Sentences that are findings."""
