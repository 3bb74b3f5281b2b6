"""The same news across outlets: headlines, what they say happened, how alike they are, and the stories they form."""
