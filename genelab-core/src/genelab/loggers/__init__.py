"""Services that keep a copy of a run's curves."""
