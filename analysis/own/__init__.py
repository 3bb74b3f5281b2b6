"""Event studies on a user's own tables."""
