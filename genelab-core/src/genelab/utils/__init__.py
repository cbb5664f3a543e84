"""Small, general, stateless tools that every layer may use."""
