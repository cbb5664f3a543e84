"""Scenes that play themselves: nothing is learned in them."""
