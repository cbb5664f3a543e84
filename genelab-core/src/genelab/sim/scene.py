"""A batch of equal scenes in Genesis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from genelab.config.base import built
from genelab.config.scene import ArticulationCfg, SceneCfg
from genelab.config.simulation import SimulationCfg
from genelab.entities.articulation import Articulation
from genelab.entities.physical_properties import PhysicalProperties
from genelab.entities.rigid_object import RigidObject
from genelab.sensors.sensor import Sensor
from genelab.sim.markers import MarkerPainter, SphereMarker
from genelab.sim.session import scene_closed, scene_opened, start_session
from genelab.sim.viewer import ViewerClosed, no_display, require_display
from genelab.sim.viewer_keys import KeyBinding, bind_keys
from genelab.terrains.collider import add_terrain
from genelab.terrains.generator import generate
from genelab.terrains.ground import FlatGround, Ground, HeightField
from genelab.terrains.placement import Placement
from genelab.utils.errors import GenelabError, UsageError
from genelab.utils.names import unknown_name

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


class Scene:
    """Builds `cfg` for `num_envs` envs and steps it.

    Attributes:
        entities: Articulations and rigid objects by name.
        properties: What randomisation may change about each entity, by the same names.
        sensors: By name.
        ground: The surface that robots stand on.
        ground_friction: Its coefficient of friction.
        placement: Which cell of the terrain each env works in; `None` without a terrain.
        device: Where tensors live.
        gravity: m/s².
        solver_cfg: Options of the solver.
        viewer: Whether the interactive viewer is open.
    """

    def __init__(self, cfg: SceneCfg, sim: SimulationCfg, *, decimation: int, seed: int, render_envs: int = 0) -> None:
        if sim.vis:
            require_display()
        session = start_session(sim, seed)
        self.gs, self.device = session.gs, session.device
        self.cfg, self.num_envs = cfg, sim.num_envs
        self.gravity, self.solver_cfg = sim.gravity, sim.solver
        self.padding = padding_for(sim.num_envs, sim, session.gpu)
        self.entities: dict[str, Articulation | RigidObject] = {}
        articulations = [entity for entity in cfg.entities.values() if isinstance(entity, ArticulationCfg)]
        actuators = [actuator for entity in articulations for actuator in entity.actuators.values()]
        self._fresh_state = any(actuator.needs_fresh_state for actuator in actuators)
        self._terrain = None if cfg.terrain is None else generate(cfg.terrain)
        # Targets that hold over the control step let Genesis run all its ticks in one call.
        tick_by_tick = self._fresh_state or any(sensor.every_tick for sensor in cfg.sensors.values())
        self.ticks_per_call = 1 if tick_by_tick else decimation
        self._calls = decimation // self.ticks_per_call
        self.viewer = sim.vis
        self._render_envs = render_envs
        self._scene: Any = self._make(cfg, sim, render_envs)
        self._add_entities(cfg)
        self._cameras = [self._add_camera(index) for index in range(render_envs)]
        if not (self._cameras or self.viewer):
            # Genesis opens an OpenGL context in build() even when nothing is drawn; machines without OpenGL fail there.
            self._scene._visualizer._rasterizer.build = lambda: None
        # Envs are only drawn apart: side by side in the viewer (together on a terrain), out of each other's picture in
        # films.
        spacing = (2.5 if cfg.terrain is None else 0.0) if sim.vis else 100.0
        self._scene.build(n_envs=self.num_envs + self.padding, env_spacing=(spacing, spacing))
        scene_opened()
        self._painter = MarkerPainter(self._scene)
        self._solver = self._scene.sim.rigid_solver
        for entity in self.entities.values():
            entity.bind(self.num_envs, self.padding, self.device)
        self._bind_surroundings(cfg)

    def _bind_surroundings(self, cfg: SceneCfg) -> None:
        """Make what knows the entities and the ground."""
        self.placement: Placement | None = None
        self.ground: Ground = FlatGround(0.0 if cfg.ground is None else cfg.ground.height)
        if cfg.terrain is not None and self._terrain is not None:
            self.ground = HeightField(self._terrain, self.device)
            self.placement = Placement(cfg.terrain, self._terrain, self.num_envs, self.device)
        self.properties = {name: PhysicalProperties(entity, self.solver_cfg) for name, entity in self.entities.items()}
        self.sensors: dict[str, Sensor[Any]] = {
            name: built(sensor, Sensor, self) for name, sensor in cfg.sensors.items()
        }
        self._tick_sensors = [sensor for sensor in self.sensors.values() if sensor.cfg.every_tick]

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

    def _add_entities(self, cfg: SceneCfg) -> None:
        gs = self.gs
        self._ground_body: Any = None
        self.ground_friction = 0.0
        if cfg.terrain is not None and self._terrain is not None:
            drawn = bool(self.viewer or self._render_envs)
            self._ground_body = add_terrain(self._scene, gs, self._terrain, cfg.terrain.friction, drawn=drawn)
            self.ground_friction = cfg.terrain.friction
        elif cfg.ground is not None:
            self.ground_friction = cfg.ground.friction
            self._ground_body = self._scene.add_entity(
                gs.morphs.Plane(pos=(0.0, 0.0, cfg.ground.height), collision=cfg.ground.collision),
                material=gs.materials.Rigid(friction=cfg.ground.friction),
            )
        for name, entity in cfg.entities.items():
            made = Articulation(name, entity) if isinstance(entity, ArticulationCfg) else RigidObject(name, entity)
            made.add_to(self._scene, gs)
            self.entities[name] = made

    def _add_camera(self, index: int) -> Any:
        camera = self.cfg.camera
        return self._scene.add_camera(
            res=camera.resolution,
            pos=camera.position,
            lookat=camera.lookat,
            fov=camera.fov,
            env_idx=index,
            debug=True,  # other cameras do not see markers
        )

    def __getitem__(self, name: str) -> Articulation | RigidObject:
        if name not in self.entities:
            raise unknown_name("entity", name, self.entities, where="scene.entities")
        return self.entities[name]

    def articulation(self, name: str, *, where: str = "scene.entities") -> Articulation:
        """Return an entity that has joints.

        Raises:
            UsageError: if there is none of this name, or it has none.
        """
        entity = self[name]
        if not isinstance(entity, Articulation):
            raise UsageError(f"entity {name!r} has no joints", where=where)
        return entity

    def sensor(self, name: str) -> Any:
        """Return a sensor; terms know its class by the quantity they ask for."""
        if name not in self.sensors:
            raise unknown_name("sensor", name, self.sensors, where="scene.sensors")
        return self.sensors[name]

    def step(self) -> None:
        """Advance one control step, computing explicit actuators before each tick."""
        for call in range(self._calls):
            for entity in self.entities.values():
                entity.apply_actuators(first=call == 0)
            self._advance(update_viewer=self.viewer and call == self._calls - 1)
            for sensor in self._tick_sensors:
                sensor.tick()
        for entity in self.entities.values():
            entity.invalidate()

    def lower_ground_friction(self, friction: float) -> None:
        """Let the ground's friction coefficient be at most `friction`, in all envs.

        Genesis takes the larger coefficient of a pair, so a rough ground hides how slippery a foot is.
        """
        if self._ground_body is not None and self.ground_friction > friction:
            self.ground_friction = friction
            self._ground_body.set_friction(max(friction, _LEAST_FRICTION))

    def seated(self, pos: torch.Tensor) -> torch.Tensor:
        """Return positions `(num_envs, 3)` given relative to each env's place, m, in the world.

        On a terrain that place is the centre of the env's cell, and z counts from the highest ground about the point.
        """
        return pos if self.placement is None else self.placement.seated(pos)

    def update_sensors(self, dt: float) -> None:
        """Let the sensors look, once per control step of `dt` seconds."""
        for sensor in self.sensors.values():
            sensor.update(dt)

    def reset_sensors(self, mask: torch.Tensor) -> None:
        """Let the sensors forget the past of the envs in `mask`, bool `(num_envs,)`, which have been moved."""
        for sensor in self.sensors.values():
            sensor.reset(mask)

    def surroundings_state(self) -> dict[str, Any]:
        """Return what the future depends on besides positions, velocities and targets."""
        return {
            "properties": {name: item.state_dict() for name, item in self.properties.items()},
            "sensors": {name: sensor.state_dict() for name, sensor in self.sensors.items()},
            "encoder_bias": {
                n: e.encoder_bias.clone() for n, e in self.entities.items() if isinstance(e, Articulation)
            },
            "placement": {} if self.placement is None else self.placement.state_dict(),
        }

    def load_surroundings_state(self, state: dict[str, Any]) -> None:
        """Restore what `surroundings_state` returned."""
        for name, item in self.properties.items():
            item.load_state_dict(state["properties"][name])
        for name, sensor in self.sensors.items():
            sensor.load_state_dict(state["sensors"][name])
        for name, bias in state["encoder_bias"].items():
            self.articulation(name, where="encoder_bias").encoder_bias = bias.to(self.device, copy=True)
        if self.placement is not None:
            self.placement.load_state_dict(state["placement"])

    def step_physics(self) -> None:
        """Advance the ticks of one control step in Genesis alone, with the targets as they are: for measurements."""
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
