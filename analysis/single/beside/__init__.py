"""Other methods beside the market model."""
