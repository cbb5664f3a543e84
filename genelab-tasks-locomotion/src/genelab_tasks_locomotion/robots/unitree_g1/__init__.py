"""Unitree G1, 29 joints."""
