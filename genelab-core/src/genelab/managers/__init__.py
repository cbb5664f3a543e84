"""Managers: each runs the terms of one column of a task's table."""
