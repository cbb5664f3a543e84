"""Manipulation tasks and scenes to play back, for GeneLab."""
