"""skrl in GeneLab; nothing works yet (see README)."""
