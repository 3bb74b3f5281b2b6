"""Compiled loops that studies outside the engine lean on."""
