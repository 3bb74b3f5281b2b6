"""When a market reacted."""
