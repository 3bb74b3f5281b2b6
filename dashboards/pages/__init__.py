"""Pages: frames in, HTML out."""
