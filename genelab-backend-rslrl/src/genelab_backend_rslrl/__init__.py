"""rsl_rl PPO for GeneLab."""
