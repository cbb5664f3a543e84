"""Agents of the tracking tasks, one file per backend; each is imported when that backend is chosen."""
