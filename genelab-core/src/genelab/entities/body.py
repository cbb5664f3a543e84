"""The physics protocol: what entities, and the sensors on them, need of a simulator's body.

Genesis' own rigid entities have all of it, and what actuators and randomisation write besides. `genelab.sim2sim.scene`
has it for other simulators.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Batch:
    """The envs of a scene.

    Attributes:
        num_envs: Number of envs that are seen.
        padding: Number of idle envs behind them.
        device: Where tensors live.
    """

    num_envs: int
    padding: int
    device: torch.device


class Link(Protocol):
    """A rigid part of a body."""

    @property
    def name(self) -> str: ...


class Joint(Protocol):
    """A joint; its indices are those of its coordinates among the body's velocities (dofs) and positions (qs)."""

    @property
    def name(self) -> str: ...

    @property
    def n_dofs(self) -> int: ...

    @property
    def dofs_idx_local(self) -> Sequence[int]: ...

    @property
    def qs_idx_local(self) -> Sequence[int]: ...


class Body(Protocol):
    """One entity in the simulator, in all envs: the rows of every tensor, idle envs at the end included. Units are SI.

    Positions `(num_envs, nq)` and velocities `(num_envs, nv)` begin with a free base: (x, y, z, w, x, y, z), and world
    linear and body angular velocity. Vectors are those of the origins of the links, `(num_envs, num_links, 3)`, and of
    the base link, `(num_envs, 3)`, in the world frame; orientations are (w, x, y, z).
    """

    @property
    def links(self) -> Sequence[Link]: ...

    @property
    def joints(self) -> Sequence[Joint]: ...

    def get_qpos(self) -> torch.Tensor: ...
    def get_dofs_position(self, dofs_idx_local: Any) -> torch.Tensor: ...
    def get_dofs_velocity(self, dofs_idx_local: Any = ...) -> torch.Tensor: ...
    def get_dofs_limit(self, dofs_idx_local: Any) -> tuple[torch.Tensor, torch.Tensor]:
        """Return lower and upper limits, `(num_dofs,)` or one row per env; infinite where there is none."""
        ...

    def get_pos(self) -> torch.Tensor: ...
    def get_quat(self) -> torch.Tensor: ...
    def get_vel(self) -> torch.Tensor: ...
    def get_ang(self) -> torch.Tensor: ...
    def get_links_pos(self) -> torch.Tensor: ...
    def get_links_quat(self) -> torch.Tensor: ...
    def get_links_vel(self) -> torch.Tensor: ...
    def get_links_ang(self) -> torch.Tensor: ...
    def get_links_net_contact_force(self) -> torch.Tensor: ...
    def get_contacts(self, with_entity: Body, *, is_padded: bool) -> dict[str, torch.Tensor]:
        """Return single contacts with another body: `force_a`, and `valid_mask` of the rows that are contacts."""
        ...

    def get_jacobian(self, link: Any) -> torch.Tensor:
        """Return the Jacobian of one of `links`, `(num_envs, 6, nv)`."""
        ...

    def set_qpos(self, qpos: torch.Tensor, *, envs_idx: torch.Tensor | None = None, zero_velocity: bool) -> None:
        """Set positions of the envs in the mask `envs_idx`, bool `(num_envs,)`, with no contact remembered."""
        ...

    def set_dofs_velocity(
        self, velocity: torch.Tensor, *, envs_idx: torch.Tensor | None = None, skip_forward: bool
    ) -> None:
        """Set velocities; `skip_forward` promises that `set_qpos` follows."""
        ...
