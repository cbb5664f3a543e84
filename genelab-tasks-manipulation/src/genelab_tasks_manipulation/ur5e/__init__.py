"""Tasks of the Universal Robots UR5e arm."""
