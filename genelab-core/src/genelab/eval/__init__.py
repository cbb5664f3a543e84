"""Evaluation: which episodes count, what is measured, and how sure the numbers are."""
