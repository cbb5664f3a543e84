"""Suites of policies, measured and compared with an earlier time."""
