"""Manipulation tasks for GeneLab."""
