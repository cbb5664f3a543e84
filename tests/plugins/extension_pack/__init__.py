"""A pack that adds one thing of each kind, each in one file, without a change to the core."""
