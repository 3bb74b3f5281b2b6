"""The event-study engine."""
