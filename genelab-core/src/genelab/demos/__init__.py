"""Demonstrations by a task's expert."""
