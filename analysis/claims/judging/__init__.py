"""Judge statements on the tape: windows, sizes, levels, extremes, comparisons, verdicts."""
