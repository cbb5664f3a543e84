"""Plugin module of the Stable-Baselines3 backend. It registers nothing yet: no backend of it works in this release."""

GENELAB_API = "1"
