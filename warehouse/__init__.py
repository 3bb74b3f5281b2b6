"""Define and keep the tables: contracts in `tables`, the DuckDB file in `store`."""
