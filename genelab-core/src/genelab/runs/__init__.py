"""Run directories: created, described, resumed."""
