"""Plugin module of this distribution."""

GENELAB_API = "1"
