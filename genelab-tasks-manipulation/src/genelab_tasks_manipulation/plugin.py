"""Plugin module of the manipulation tasks. It registers nothing yet: there is no manipulation task in this release."""

GENELAB_API = "1"
