"""The record that ships with the product."""
