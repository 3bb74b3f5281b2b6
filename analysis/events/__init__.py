"""From headlines to stories, tags and dated events."""
