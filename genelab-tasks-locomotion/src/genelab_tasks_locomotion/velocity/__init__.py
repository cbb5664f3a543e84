"""Legged robots that follow a commanded velocity."""
