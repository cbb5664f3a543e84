"""Task packs to begin with."""
