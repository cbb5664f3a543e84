"""Entities: typed access to the state of what stands in the scene."""
