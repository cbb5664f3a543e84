"""Plugin module of the skrl backend. It registers nothing yet: no backend of this library works in this release."""

GENELAB_API = "1"
