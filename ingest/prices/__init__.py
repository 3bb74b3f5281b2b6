"""Assets, markets, exchanges and candle files."""
