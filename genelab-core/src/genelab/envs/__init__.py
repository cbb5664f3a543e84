"""Environments: the manager-based base, the reinforcement-learning environment and their contract."""
