"""Unitree Go2-W."""
