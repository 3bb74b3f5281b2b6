"""What commands do outside a run."""
