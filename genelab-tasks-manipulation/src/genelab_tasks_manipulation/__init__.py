"""Manipulation tasks for GeneLab; there is none yet (see README)."""
