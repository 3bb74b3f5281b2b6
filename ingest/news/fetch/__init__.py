"""Downloads with manners."""
