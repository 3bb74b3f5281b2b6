"""Compose the rooms: command line, pipeline, schedules. No arithmetic, no SQL, no parsing."""
