"""The warehouse as a Delta Lake: a projection for other engines and other machines, never a second truth."""
