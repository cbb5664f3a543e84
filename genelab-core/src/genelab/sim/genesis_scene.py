"""A batch of equal scenes in Genesis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from genelab.config.scene import ArticulationCfg, CameraCfg, RigidObjectCfg, SceneCfg
from genelab.config.simulation import SimulationCfg
from genelab.entities.articulation import Articulation
from genelab.entities.body import Batch
from genelab.entities.entity import RigidObject, load_mjcf
from genelab.entities.physical_properties import PhysicalProperties
from genelab.sim.markers import MarkerPainter, SphereMarker
from genelab.sim.scene import Scene
from genelab.sim.session import scene_closed, scene_opened, start_session
from genelab.sim.viewer import KeyBinding, ViewerClosed, bind_keys, no_display, require_display
from genelab.terrains.collider import add_terrain
from genelab.terrains.generator import TerrainGrid, generate
from genelab.utils.errors import GenelabError

_PADDING = 4
_LEAST_FRICTION = 0.01  # Genesis refuses less
_SLOW_MULTIPLE = 256


def padding_for(num_envs: int, cfg: SimulationCfg, gpu: bool) -> int:
    """Return how many idle envs to add.

    On a CPU, arrays are stored env-minor, and a batch that is a multiple of 256 maps all rows of a matrix to the same
    cache sets: measured 5 to 100 % slower for robots in contact, nothing for a contact-free cart-pole.
    """
    slow = cfg.pad_batch and not gpu and cfg.solver.collision and num_envs % _SLOW_MULTIPLE == 0
    return _PADDING if slow else 0


class GenesisScene(Scene):
    """Builds `cfg` in Genesis and steps it.

    Args:
        cfg: What stands there.
        sim: How it is simulated.
        decimation: Ticks of a control step.
        seed: Of everything random in the session.
        render_envs: Number of envs, from the first, that have a camera.

    Attributes:
        gs: The module `genesis`.
        ticks_per_call: Ticks that Genesis runs without coming back.
        ground_friction: The ground's coefficient of friction.
    """

    def __init__(self, cfg: SceneCfg, sim: SimulationCfg, *, decimation: int, seed: int, render_envs: int = 0) -> None:
        if sim.vis:
            require_display()
        session = start_session(sim, seed)
        self.gs, self.viewer = session.gs, sim.vis
        articulations = [entity for entity in cfg.entities.values() if isinstance(entity, ArticulationCfg)]
        actuators = [actuator for entity in articulations for actuator in entity.actuators.values()]
        # Targets that hold over the control step let Genesis run all its ticks in one call.
        tick_by_tick = any(item.needs_fresh_state for item in actuators) or any(
            sensor.every_tick for sensor in cfg.sensors.values()
        )
        self.ticks_per_call = 1 if tick_by_tick else decimation
        self._calls = decimation // self.ticks_per_call
        terrain = None if cfg.terrain is None else generate(cfg.terrain)
        self._scene: Any = self._make(cfg, sim, render_envs)
        self._ground_body: Any = None
        self.ground_friction = 0.0
        self._add_ground(cfg, terrain, drawn=bool(sim.vis or render_envs))
        bodies = {name: self._add_body(entity) for name, entity in cfg.entities.items()}
        self._cameras = [self._add_camera(cfg.camera, index) for index in range(render_envs)]
        if not (self._cameras or sim.vis):
            # Genesis opens an OpenGL context in build() even when nothing is drawn; machines without OpenGL fail there.
            self._scene._visualizer._rasterizer.build = lambda: None
        # Envs are only drawn apart: side by side in the viewer (together on a terrain), out of each other's picture in
        # films.
        spacing = (2.5 if cfg.terrain is None else 0.0) if sim.vis else 100.0
        batch = Batch(sim.num_envs, padding_for(sim.num_envs, sim, session.gpu), session.device)
        self._scene.build(n_envs=batch.num_envs + batch.padding, env_spacing=(spacing, spacing))
        scene_opened()
        self._painter = MarkerPainter(self._scene)
        self._solver = self._scene.sim.rigid_solver
        entities = {name: self._make_entity(name, entity, bodies[name], batch) for name, entity in cfg.entities.items()}
        properties = {name: PhysicalProperties(entity, sim.solver) for name, entity in entities.items()}
        super().__init__(cfg, sim, batch, entities, properties, terrain)

    def _make_entity(
        self, name: str, cfg: ArticulationCfg | RigidObjectCfg, body: Any, batch: Batch
    ) -> Articulation | RigidObject:
        if isinstance(cfg, RigidObjectCfg):
            return RigidObject(name, cfg, body, batch)
        robot = Articulation(name, cfg, body, batch)
        for actuator in robot.actuators.values():
            actuator.configure(body)
        return robot

    def _make(self, cfg: SceneCfg, sim: SimulationCfg, render_envs: int) -> Any:
        gs, solver = self.gs, sim.solver
        rigid: dict[str, Any] = {
            "enable_collision": solver.collision,
            "enable_self_collision": solver.self_collision,
            "enable_joint_limit": solver.joint_limit,
            "max_collision_pairs": solver.max_collision_pairs,
            "constraint_timeconst": solver.constraint_timeconst,
            "box_box_detection": solver.box_box_detection,
            "batch_dofs_info": solver.batch_dofs_info,
            "batch_links_info": solver.batch_links_info,
            "integrator": getattr(gs.integrator, solver.integrator),
        }
        limits = {
            "iterations": solver.iterations,
            "ls_iterations": solver.ls_iterations,
            "tolerance": solver.tolerance,
        }
        rigid.update({name: limit for name, limit in limits.items() if limit is not None})
        try:
            return gs.Scene(
                show_viewer=sim.vis,
                sim_options=gs.options.SimOptions(
                    dt=sim.dt * self.ticks_per_call, substeps=sim.substeps * self.ticks_per_call, gravity=sim.gravity
                ),
                rigid_options=gs.options.RigidOptions(**rigid),
                viewer_options=gs.options.ViewerOptions(
                    camera_pos=cfg.camera.position, camera_lookat=cfg.camera.lookat, camera_fov=cfg.camera.fov
                ),
                vis_options=gs.options.VisOptions(
                    rendered_envs_idx=list(range(max(render_envs, 1))), background_color=(0.75, 0.83, 0.92)
                ),
                profiling_options=gs.options.ProfilingOptions(show_FPS=False),
            )
        except gs.GenesisException as error:
            if sim.vis and "No display" in str(error):  # $DISPLAY is set but nobody answers there
                raise no_display() from error
            raise

    def _add_ground(self, cfg: SceneCfg, terrain: TerrainGrid | None, *, drawn: bool) -> None:
        gs = self.gs
        if cfg.terrain is not None and terrain is not None:
            self.ground_friction = cfg.terrain.friction
            self._ground_body = add_terrain(self._scene, gs, terrain, cfg.terrain.friction, drawn=drawn)
        elif cfg.ground is not None:
            self.ground_friction = cfg.ground.friction
            self._ground_body = self._scene.add_entity(
                gs.morphs.Plane(pos=(0.0, 0.0, cfg.ground.height), collision=cfg.ground.collision),
                material=gs.materials.Rigid(friction=cfg.ground.friction),
            )

    def _add_body(self, cfg: ArticulationCfg | RigidObjectCfg) -> Any:
        gs = self.gs
        compensation = cfg.gravity_compensation if isinstance(cfg, ArticulationCfg) else 0.0
        return self._scene.add_entity(
            gs.morphs.MJCF(file=load_mjcf(cfg.mjcf), pos=cfg.init_pos, quat=cfg.init_quat, default_armature=None),
            material=gs.materials.Rigid(gravity_compensation=compensation),
        )

    def _add_camera(self, camera: CameraCfg, index: int) -> Any:
        return self._scene.add_camera(
            res=camera.resolution,
            pos=camera.position,
            lookat=camera.lookat,
            fov=camera.fov,
            env_idx=index,
            debug=True,  # other cameras do not see markers
        )

    def step(self) -> None:
        """Advance one control step, computing explicit actuators before each tick."""
        for call in range(self._calls):
            for entity in self.entities.values():
                entity.apply_actuators(first=call == 0)
            self._advance(update_viewer=self.viewer and call == self._calls - 1)
            self.tick_sensors()
        for entity in self.entities.values():
            entity.invalidate()

    def lower_ground_friction(self, friction: float) -> None:
        """Let the ground's friction coefficient be at most `friction`, in all envs.

        Genesis takes the larger coefficient of a pair, so a rough ground hides how slippery a foot is.
        """
        if self._ground_body is not None and self.ground_friction > friction:
            self.ground_friction = friction
            self._ground_body.set_friction(max(friction, _LEAST_FRICTION))

    def step_physics(self) -> None:
        for _ in range(self._calls):
            self._advance(update_viewer=False)

    def _advance(self, *, update_viewer: bool) -> None:
        try:
            self._scene.step(update_visualizer=update_viewer)
        except self.gs.GenesisException as error:
            if self.viewer and not self._scene.viewer.is_alive():
                raise ViewerClosed from error
            raise

    def error_mask(self) -> torch.Tensor:
        """Return which envs the solver found non-finite in the last step, bool `(num_envs,)`. Resetting clears it."""
        return self._solver.get_error_envs_mask()[: self.num_envs]

    def show(self, markers: list[SphereMarker]) -> None:
        """Show markers of all envs in the viewer until the next call."""
        self._painter.paint(markers, list(range(self.num_envs)))

    def bind_keys(self, bindings: Sequence[KeyBinding]) -> None:
        """Let keys of the open viewer call functions."""
        bind_keys(self._scene.viewer, bindings)

    def render(self, index: int = 0, markers: list[SphereMarker] | None = None) -> np.ndarray:
        """Return a picture of env `index` with its markers, uint8 `(height, width, 3)`."""
        if index >= len(self._cameras):
            raise GenelabError(f"env {index} has no camera", fix="make the environment with render_envs > index")
        camera, cfg = self._cameras[index], self.cfg.camera
        if cfg.follow is not None:
            base = self[cfg.follow].root_pos[index].cpu().numpy()
            camera.set_pose(pos=base + np.asarray(cfg.position), lookat=base + np.asarray(cfg.lookat))
        self._painter.paint(markers or [], [index])
        return np.ascontiguousarray(camera.render()[0])

    def close(self) -> None:
        """Free the scene; the session lives on."""
        if self._scene is not None:
            self._scene.destroy()
            self._scene = None
            scene_closed()
