"""Expected-return models, one per file."""
