"""How often the interval and the rank of one event are wrong."""
