"""Agents of the UR5e tasks, one file per backend; each is imported when that backend is chosen."""
