"""Figures: frames in, Plotly figures out."""
