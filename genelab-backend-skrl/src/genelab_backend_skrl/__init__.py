"""skrl for GeneLab."""
