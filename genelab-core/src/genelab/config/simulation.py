"""How Genesis is run: time, device, precision and solver."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from genelab.config.base import Positive, PositiveInt, configclass


@configclass
class RigidSolverCfg:
    """Options of Genesis' rigid-body solver; `None` keeps Genesis' own default.

    The defaults differ from Genesis where its own change the physics unasked or cost time for nothing.

    Attributes:
        self_collision: Contacts between links of one entity. Off halves memory; on only where a task needs it.
        collision: Any contacts at all.
        joint_limit: Joint limit constraints.
        max_collision_pairs: Size of the contact buffers per env (Genesis: 150).
        constraint_timeconst: Contact and limit softness, s. 0.02 is MuJoCo's; Genesis' default of 0.01 is stiffer.
        box_box_detection: Analytic box against box contacts; faster for manipulation.
        batch_dofs_info: Gains, limits and friction may differ between envs. Set by the terms that need it.
        batch_links_info: Masses and inertias may differ between envs. Set by the terms that need it.
    """

    self_collision: bool = False
    collision: bool = True
    joint_limit: bool = True
    max_collision_pairs: PositiveInt = 30
    constraint_timeconst: Positive = 0.02
    box_box_detection: bool = False
    iterations: PositiveInt | None = None
    ls_iterations: PositiveInt | None = None
    tolerance: Positive | None = None
    integrator: Literal["approximate_implicitfast", "implicitfast", "Euler"] = "approximate_implicitfast"
    batch_dofs_info: bool = False
    batch_links_info: bool = False


@configclass
class SimulationCfg:
    """One Genesis scene.

    Attributes:
        dt: Physics tick, s.
        substeps: Solver substeps within a tick.
        num_envs: Parallel environments.
        gpu: `True` GPU (an error if there is none), `False` CPU, `None` GPU when there is one.
        precision: Bits of physics floats.
        performance_mode: Compile kernels for this exact batch size: 1.3 to 1.6 times the speed on a CPU after a
            compilation of 20 to 45 s, so only worth it for runs of several minutes.
        shards: Processes that share the envs of a training on a CPU; each uses one core. Gives the same numbers as one.
        pad_batch: On a CPU, add idle envs that nothing sees where a power-of-two batch would be slow.
        vis: Open the interactive viewer.
        steps: Length of a headless `play`, control steps.
        gravity: m/s².
    """

    dt: Positive = 0.005
    substeps: PositiveInt = 1
    num_envs: PositiveInt = 1
    gpu: bool | None = None
    precision: Literal["32", "64"] = "32"
    performance_mode: bool = False
    shards: PositiveInt = 1
    pad_batch: bool = True
    vis: bool = False
    steps: PositiveInt = 240
    gravity: tuple[float, float, float] = (0.0, 0.0, -9.81)
    solver: RigidSolverCfg = Field(default_factory=RigidSolverCfg)
