"""Tasks of the Franka Emika Panda arm."""
