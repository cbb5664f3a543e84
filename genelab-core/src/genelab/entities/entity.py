"""What articulations and rigid objects share: a body in a padded batch, and state cached for one control step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genelab.config.scene import ArticulationCfg, RigidObjectCfg
from genelab.entities.body import Batch, Body
from genelab.utils.errors import GenelabError, UsageError
from genelab.utils.lazy import torch
from genelab.utils.rotations import rotate_inverse


@dataclass
class _Staged:
    """Writes that the simulator has not seen: whole rows, of which those in `mask` count."""

    qpos: torch.Tensor
    velocity: torch.Tensor
    mask: torch.Tensor
    moves: bool = False


def load_mjcf(source: Any) -> str:
    """Return a path or the XML text of an entity's model.

    Raises:
        UsageError: for a file that does not exist.
    """
    model = str(source() if callable(source) else source)
    if not model.lstrip().startswith("<") and not Path(model).is_file():
        raise UsageError(f"no such model file: {model}", where="scene.entities.<name>.mjcf")
    return model


class Entity:
    """One entity of the scene.

    Writes are staged and reach the simulator together, at the next read or step: a reset that several terms shape costs
    one forward-kinematics pass.

    Tensors that come out have `num_envs` rows and are fresh; what goes in has `num_envs` rows too. Behind that the
    batch may be longer: the idle envs at its end copy what env 0 is told and so never do anything of their own.

    Args:
        name: Its key in the scene.
        cfg: Its model and initial pose.
        body: What the simulator made of it.
        batch: The envs.
    """

    def __init__(self, name: str, cfg: ArticulationCfg | RigidObjectCfg, body: Body, batch: Batch) -> None:
        self.name, self.cfg, self.body = name, cfg, body
        self.num_envs, self.padding, self.device = batch.num_envs, batch.padding, batch.device
        self._cache: dict[str, torch.Tensor] = {}
        self._staged: _Staged | None = None
        self.link_names = tuple(link.name for link in body.links)
        self.free_base = bool(body.joints) and body.joints[0].n_dofs == 6
        root = [*cfg.init_pos, *cfg.init_quat]
        self.default_root = torch.tensor(root, device=self.device).repeat(self.num_envs, 1)
        self._default_qpos = self._visible(body.get_qpos())
        self._default_velocity = torch.zeros_like(self._visible(body.get_dofs_velocity()))
        self._down = torch.tensor([0.0, 0.0, -1.0], device=self.device).expand(self.num_envs, 3)
        if self.free_base:
            self._default_qpos[:, :7] = self.default_root

    def invalidate(self) -> None:
        """Forget cached state: the simulation moved on, or this entity was written to."""
        self._cache.clear()

    def cached(self, key: str, read: Callable[[], torch.Tensor]) -> torch.Tensor:
        """Return what `read` returned, the first time that `key` was asked for since the state last changed."""
        if self._staged is not None:
            self.flush()
        value = self._cache.get(key)
        if value is None:
            value = self._cache[key] = read()
        return value

    def _stage(
        self, mask: torch.Tensor, *, qpos: tuple[slice, torch.Tensor] | None, velocity: tuple[slice, torch.Tensor]
    ) -> None:
        """Remember columns of positions and velocities for the envs in `mask`."""
        if self._staged is not None and self._staged.mask is not mask:
            # Rows outside a mask are never written, so they hold what the next mask must not pick up.
            self.flush()
        if self._staged is None:
            state = self.physics_state()
            self._staged = _Staged(state["qpos"], state["velocity"], mask)
        columns, values = velocity
        self._staged.velocity[:, columns] = values
        if qpos is not None:
            columns, values = qpos
            self._staged.qpos[:, columns] = values
            self._staged.moves = True
        self._cache.clear()

    def reset(self, mask: torch.Tensor) -> None:
        """Bring the envs in `mask`, bool `(num_envs,)`, to the default state at rest."""
        self.flush()
        self._staged = _Staged(self._default_qpos.clone(), torch.zeros_like(self._default_velocity), mask, moves=True)
        self._cache.clear()

    def apply_actuators(self, *, first: bool) -> None:
        """Called before each physics call of a control step; a plain body only hands over its staged writes."""
        if first:
            self.flush()

    def flush(self) -> None:
        """Hand staged writes to the simulator. Moving an entity also clears its contacts, warm start and error flag."""
        staged, self._staged = self._staged, None
        if staged is None:
            return
        mask = self.padded(staged.mask)
        velocity = self.padded(staged.velocity)
        self.body.set_dofs_velocity(velocity, envs_idx=mask, skip_forward=staged.moves)
        if staged.moves:
            self.body.set_qpos(self.padded(staged.qpos), envs_idx=mask, zero_velocity=False)

    def _visible(self, batch: torch.Tensor) -> torch.Tensor:
        """Return the rows of `batch` that are no padding, in C order.

        Genesis on a CPU hands out tensors whose memory runs over envs first. torch sums rows of such tensors in another
        order at the end of a batch than before it, so that what an env gives would depend on how many there are.
        """
        return batch[: self.num_envs].contiguous()

    def padded(self, rows: torch.Tensor) -> torch.Tensor:
        """Return `rows`, `(num_envs, ...)`, with rows for the idle envs behind them."""
        return torch.cat((rows, rows[:1].expand(self.padding, *rows.shape[1:]))) if self.padding else rows

    @property
    def root_pos(self) -> torch.Tensor:
        """Position of the base link in the world, m, `(num_envs, 3)`."""
        return self.cached("root_pos", lambda: self._visible(self.body.get_pos()))

    @property
    def root_quat(self) -> torch.Tensor:
        """Orientation of the base link, (w, x, y, z), `(num_envs, 4)`."""
        return self.cached("root_quat", lambda: self._visible(self.body.get_quat()))

    @property
    def root_lin_vel(self) -> torch.Tensor:
        """Velocity of the base link's origin in the world frame, m/s, `(num_envs, 3)`."""
        return self.cached("root_lin_vel", lambda: self._visible(self.body.get_vel()))

    @property
    def root_ang_vel(self) -> torch.Tensor:
        """Angular velocity of the base link in the world frame, rad/s, `(num_envs, 3)`."""
        return self.cached("root_ang_vel", lambda: self._visible(self.body.get_ang()))

    @property
    def base_lin_vel(self) -> torch.Tensor:
        """`root_lin_vel` in the base link's own frame, m/s, `(num_envs, 3)`."""
        return self.cached("base_lin_vel", lambda: rotate_inverse(self.root_quat, self.root_lin_vel))

    @property
    def base_ang_vel(self) -> torch.Tensor:
        """`root_ang_vel` in the base link's own frame, rad/s, `(num_envs, 3)`."""
        return self.cached("base_ang_vel", lambda: rotate_inverse(self.root_quat, self.root_ang_vel))

    @property
    def projected_gravity(self) -> torch.Tensor:
        """Direction of gravity in the base link's frame, `(num_envs, 3)`; (0, 0, −1) when upright."""
        return self.cached("projected_gravity", lambda: rotate_inverse(self.root_quat, self._down))

    def write_root(
        self, pos: torch.Tensor, quat: torch.Tensor, mask: torch.Tensor, *, velocity: torch.Tensor | None = None
    ) -> None:
        """Place the free base of the envs in `mask`.

        Args:
            pos: World position, m, `(num_envs, 3)`.
            quat: (w, x, y, z), `(num_envs, 4)`.
            mask: Bool `(num_envs,)`.
            velocity: World linear and body angular velocity, m/s and rad/s, `(num_envs, 6)`; zero if not given.
        """
        if velocity is None:
            velocity = torch.zeros(self.num_envs, 6, device=self.device)
        self._stage(mask, qpos=(slice(0, 7), torch.cat((pos, quat), dim=1)), velocity=(slice(0, 6), velocity))

    def physics_state(self) -> dict[str, torch.Tensor]:
        """Return generalised positions and velocities `(num_envs, n)`."""
        self.flush()
        return {
            "qpos": self._visible(self.body.get_qpos()),
            "velocity": self._visible(self.body.get_dofs_velocity()),
        }

    def load_physics_state(self, state: dict[str, torch.Tensor]) -> None:
        """Restore what `physics_state` returned; solver caches (contacts, warm start) start empty."""
        self._staged = None
        self.body.set_dofs_velocity(self.padded(state["velocity"].to(self.device)), skip_forward=True)
        self.body.set_qpos(self.padded(state["qpos"].to(self.device)), zero_velocity=False)
        self.invalidate()


class RigidObject(Entity):
    """A body that is moved by forces only."""

    def __init__(self, name: str, cfg: RigidObjectCfg, body: Body, batch: Batch) -> None:
        super().__init__(name, cfg, body, batch)
        if not self.free_base:
            raise GenelabError(f"object {name!r} cannot move", where="scene.entities", fix="give it a free joint")
