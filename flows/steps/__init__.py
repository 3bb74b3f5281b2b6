"""One file a step of a run."""
