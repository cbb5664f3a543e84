"""Stable-Baselines3 for GeneLab."""
