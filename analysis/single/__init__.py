"""Inference for one event."""
