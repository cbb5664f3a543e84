"""The launchers of the core."""
