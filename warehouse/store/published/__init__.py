"""What reads and compares published files."""
