"""Keep frames in DuckDB: one writer, a published copy for everybody else."""
