"""Terrains by name: to look at, and to build tasks on."""

from __future__ import annotations

from collections.abc import Callable

from genelab.config.terrain import CellCfg, Ramp, TerrainCfg
from genelab.terrains.smooth import FlatCfg, RoughCfg, SlopeCfg, WavesCfg
from genelab.terrains.steps import BoxesCfg, GapsCfg, PyramidStairsCfg, SteppingStonesCfg


def mixed(
    *,
    stairs: Ramp = (0.05, 0.23),
    boxes: Ramp = (0.05, 0.2),
    rough: Ramp = (0.02, 0.1),
    slope: Ramp = (0.0, 0.4),
    step_width: float = 0.3,
) -> TerrainCfg:
    """Return ten levels and ten columns: stairs up and down, boxes, roughness, slopes up and down.

    Args:
        stairs: Step height, m.
        boxes: Height of boxes, m.
        rough: Amplitude, m.
        slope: Rise over run.
        step_width: Of the stairs, m.
    """
    return TerrainCfg(
        cells={
            "stairs_up": PyramidStairsCfg(share=2.0, step_height=stairs, step_width=step_width),
            "stairs_down": PyramidStairsCfg(share=2.0, step_height=_negative(stairs), step_width=step_width),
            "boxes": BoxesCfg(share=2.0, height=boxes),
            "rough": RoughCfg(share=2.0, amplitude=rough),
            "slope_up": SlopeCfg(slope=slope),
            "slope_down": SlopeCfg(slope=_negative(slope)),
        }
    )


def gentle() -> TerrainCfg:
    """Return `mixed` with a first level that is as good as flat, for policies that cannot walk yet."""
    return mixed(stairs=(0.01, 0.13), boxes=(0.01, 0.11), rough=(0.005, 0.07), slope=(0.0, 0.3))


def every_kind() -> TerrainCfg:
    """Return one column of each kind of cell."""
    return TerrainCfg(
        cells={
            "flat": FlatCfg(),
            "stairs_up": PyramidStairsCfg(),
            "stairs_down": PyramidStairsCfg(step_height=(-0.03, -0.2)),
            "boxes": BoxesCfg(),
            "rough": RoughCfg(),
            "slope_up": SlopeCfg(),
            "slope_down": SlopeCfg(slope=(-0.05, -0.4)),
            "waves": WavesCfg(),
            "stones": SteppingStonesCfg(),
            "gaps": GapsCfg(),
        },
        levels=5,
    )


def _negative(ramp: Ramp) -> Ramp:
    return -ramp[0], -ramp[1]


def _alone(cell: CellCfg) -> Callable[[], TerrainCfg]:
    return lambda: TerrainCfg(cells={"cell": cell}, levels=5, columns=2)


PRESETS: dict[str, Callable[[], TerrainCfg]] = {
    "mixed": mixed,
    "gentle": gentle,
    "every-kind": every_kind,
    "stairs": _alone(PyramidStairsCfg()),
    "boxes": _alone(BoxesCfg()),
    "rough": _alone(RoughCfg()),
    "slopes": _alone(SlopeCfg()),
    "waves": _alone(WavesCfg()),
    "stones": _alone(SteppingStonesCfg()),
    "gaps": _alone(GapsCfg()),
}
"""What `genelab terrain show --preset` knows."""
