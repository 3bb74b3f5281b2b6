"""How the answer depends on choices."""
