"""Conclude from frames and values: no files, clock, network or environment."""
