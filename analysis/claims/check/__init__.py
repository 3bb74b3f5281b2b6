"""Texts checked: read, judged, scored."""
