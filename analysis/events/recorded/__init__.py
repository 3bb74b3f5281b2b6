"""Events of the ledger and of offices set against what headlines tell: matched, re-dated, recounted, corrected."""
