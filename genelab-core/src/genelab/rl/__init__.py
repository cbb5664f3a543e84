"""Reinforcement learning: the backend contract and the policy that all of them yield."""
