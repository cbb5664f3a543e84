"""From flat to rough ground: terrain, height scan and curriculum."""

from __future__ import annotations

from genelab.config import CurriculumTermCfg, ManagerBasedRlEnvCfg, ObservationTermCfg, UniformNoise
from genelab.config.terrain import CellCfg, Ramp, TerrainCfg
from genelab.mdp import curricula, sensing
from genelab.sensors.height import HeightScanCfg
from genelab.terrains.smooth import RoughCfg, SlopeCfg
from genelab.terrains.steps import BoxesCfg, PyramidStairsCfg
from genelab_tasks_locomotion.velocity.env import COMMAND

SCAN = "height_scan"
PROMOTION_DISTANCE = 4.0
"""m from the centre of a cell."""


def rough_cells(*, stairs: Ramp, boxes: Ramp, rough: Ramp, slope: Ramp) -> dict[str, CellCfg]:
    """Return the documented columns: two stairs up, two down, two boxes, two rough, one slope up and one down.

    Args:
        stairs: Height of a step at the easiest and the hardest level, m.
        boxes: Height of the highest box, m.
        rough: Amplitude, m.
        slope: Rise over run.
    """
    down = (-stairs[0], -stairs[1])
    return {
        "stairs_up": PyramidStairsCfg(share=2, step_height=stairs),
        "stairs_down": PyramidStairsCfg(share=2, step_height=down),
        "boxes": BoxesCfg(share=2, height=boxes),
        "rough": RoughCfg(share=2, amplitude=rough),
        "slope_up": SlopeCfg(share=1, slope=slope),
        "slope_down": SlopeCfg(share=1, slope=(-slope[0], -slope[1])),
    }


def make_rough(env: ManagerBasedRlEnvCfg, cells: dict[str, CellCfg], *, scan_link: str) -> None:
    """Put a flat velocity task on terrain and let it see the ground about `scan_link`."""
    env.scene.terrain = TerrainCfg(cells=cells)
    env.scene.sensors[SCAN] = HeightScanCfg(link=scan_link)
    noise = UniformNoise(low=-0.1, high=0.1)
    env.observations["policy"].terms[SCAN] = ObservationTermCfg(
        func=sensing.height_scan, params={"sensor": SCAN}, noise=noise
    )
    env.observations["critic"].terms[SCAN] = ObservationTermCfg(func=sensing.height_scan, params={"sensor": SCAN})
    env.curriculum["terrain_levels"] = CurriculumTermCfg(
        func=curricula.terrain_levels, params={"command": COMMAND, "distance": PROMOTION_DISTANCE}
    )
