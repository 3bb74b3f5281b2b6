"""Checked texts as pages and as data for search engines."""
