"""The page shell and the site."""
