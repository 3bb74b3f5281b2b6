"""Result rows: one shape, one id, one shelf."""
