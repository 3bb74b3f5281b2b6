"""How tokens and news move together."""
