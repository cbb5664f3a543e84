"""Sim2sim: an exported policy in another simulator, driven by its metadata alone."""
