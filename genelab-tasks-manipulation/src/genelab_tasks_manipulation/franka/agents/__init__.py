"""Agents of the Franka tasks, one file per backend; each is imported when that backend is chosen."""
