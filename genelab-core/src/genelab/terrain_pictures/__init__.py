"""Pictures of terrains."""
