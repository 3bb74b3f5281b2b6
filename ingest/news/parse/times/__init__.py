"""One grammar of written times, in which every token must be understood."""
