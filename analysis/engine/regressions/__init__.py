"""Regressions that explain abnormal returns."""
