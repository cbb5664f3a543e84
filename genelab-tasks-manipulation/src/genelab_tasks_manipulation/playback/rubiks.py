"""A Rubik's cube that scrambles and solves itself: 27 bodies, layers turned by a script, no dynamics."""

from __future__ import annotations

from genelab.config import (
    ArticulationCfg,
    CameraCfg,
    GroundCfg,
    ManagerBasedEnvCfg,
    ObservationGroupCfg,
    ObservationTermCfg,
    RigidObjectCfg,
    SceneCfg,
    SimulationCfg,
    TaskCfg,
)
from genelab.config.simulation import RigidSolverCfg
from genelab_tasks_manipulation.playback import rubiks_terms
from genelab_tasks_manipulation.playback.rubiks_cubie import CENTRE, GRID, PITCH, cubie_mjcf, cubie_name

SCRAMBLE = "R U F' L2 D B' U2 R' F D'"
"""Quarter and half turns of the faces Right, Left, Up, Down, Front and Back, in Singmaster's notation."""


def cubies() -> dict[str, ArticulationCfg | RigidObjectCfg]:
    """Return the 27 bodies by name, in the places of the solved cube."""
    return {
        cubie_name(place): RigidObjectCfg(
            mjcf=cubie_mjcf(place),
            init_pos=tuple(c + PITCH * p for c, p in zip(CENTRE, place, strict=True)),  # pyright: ignore[reportArgumentType]
        )
        for place in GRID
    }


def rubiks_play() -> TaskCfg:
    """Scramble and solve a Rubik's cube."""
    env = ManagerBasedEnvCfg(
        simulation=SimulationCfg(
            dt=0.02, steps=600, gravity=(0.0, 0.0, 0.0), solver=RigidSolverCfg(collision=False, joint_limit=False)
        ),
        decimation=1,
        scene=SceneCfg(
            entities=cubies(),
            ground=GroundCfg(collision=False),
            camera=CameraCfg(position=(0.42, -0.42, 0.5), lookat=CENTRE, fov=38.0),
        ),
        actions={"turns": rubiks_terms.LayerTurnsCfg(entity=cubie_name((0, 0, 0)), moves=SCRAMBLE)},
        observations={
            "state": ObservationGroupCfg(terms={"solved": ObservationTermCfg(func=rubiks_terms.solved)}),
        },
    )
    return TaskCfg(env=env)
