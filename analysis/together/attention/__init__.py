"""News attention and returns."""
