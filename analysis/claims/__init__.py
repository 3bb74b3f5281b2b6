"""Published claims: their language, their measures, their verdicts."""
