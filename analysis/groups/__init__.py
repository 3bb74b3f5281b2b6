"""Groups of events."""
