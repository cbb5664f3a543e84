"""Check-ups of an installation, of a task's repeatability, and kernels compiled beforehand."""
