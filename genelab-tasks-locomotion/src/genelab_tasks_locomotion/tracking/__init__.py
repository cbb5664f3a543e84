"""Tasks in which a robot follows a reference motion."""
