"""Show results as static, offline pages."""
