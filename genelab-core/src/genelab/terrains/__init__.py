"""Uneven ground: kinds of cells, the grid of levels and columns, and the surface that terms ask for heights.

Importing this loads neither torch nor numpy.
"""

from genelab.terrains.smooth import FlatCfg, RoughCfg, SlopeCfg, WavesCfg
from genelab.terrains.steps import BoxesCfg, GapsCfg, PyramidStairsCfg, SteppingStonesCfg

__all__ = [
    "BoxesCfg",
    "FlatCfg",
    "GapsCfg",
    "PyramidStairsCfg",
    "RoughCfg",
    "SlopeCfg",
    "SteppingStonesCfg",
    "WavesCfg",
]
