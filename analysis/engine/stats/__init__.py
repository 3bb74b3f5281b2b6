"""Published event-study tests, one per file, found by walking this package."""
