"""Check-ups of an installation, of a task's repeatability, and warm starts."""
