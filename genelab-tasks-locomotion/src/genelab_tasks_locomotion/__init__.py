"""Cart-poles and legged robots for GeneLab."""
