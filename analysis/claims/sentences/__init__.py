"""From text to statements: what is said of which market, without a language model or a network."""
