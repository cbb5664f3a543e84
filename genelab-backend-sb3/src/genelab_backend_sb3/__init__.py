"""Stable-Baselines3 in GeneLab; nothing works yet (see README)."""
