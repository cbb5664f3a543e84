"""Curves, figures, aggregation and the HTML page."""
