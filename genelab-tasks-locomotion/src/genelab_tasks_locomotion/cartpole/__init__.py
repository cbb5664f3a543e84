"""Cart-poles: the smallest tasks, and the first to try."""
