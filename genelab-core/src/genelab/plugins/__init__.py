"""Discovery of plugins and the catalog of what they bring. Light: neither torch, numpy nor Genesis."""
