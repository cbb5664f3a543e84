"""Export: a policy as one file that needs no RL library, with metadata and proof that it is the same policy."""
