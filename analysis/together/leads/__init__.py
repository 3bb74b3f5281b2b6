"""Who moves first."""
