"""Reference motions: a file format, conversion, checks, synthesis by inverse kinematics, films."""
