"""Labels on anybody's headlines, and how well they agree with labels made by hand."""
