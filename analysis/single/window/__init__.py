"""One event, one market, one window."""
