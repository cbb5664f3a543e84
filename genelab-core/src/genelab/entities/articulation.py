"""A jointed robot: joint state, link state and actuators by name."""

from __future__ import annotations

from typing import Any, cast

from genelab.actuators.actuator import Actuator
from genelab.config.base import built
from genelab.config.scene import ArticulationCfg
from genelab.entities.body import Batch, Body
from genelab.entities.entity import Entity
from genelab.utils.errors import GenelabError
from genelab.utils.joint_tables import match_names, per_joint
from genelab.utils.lazy import torch

_LIMIT_TOLERANCE = 1e-4
"""rad or m: limits in model files are rounded."""


class Articulation(Entity):
    """A robot. Joints are its one-degree-of-freedom joints in model order; links are its bodies.

    Attributes:
        joint_names: Names of the joints.
        link_names: Names of the links.
        default_joint_pos: Joint positions at reset, rad or m, `(num_envs, num_joints)`.
        joint_limits: Lower and upper limits, `(num_joints, 2)`; infinite where there is none.
        action_scale: What one unit of action means to a joint action term, `(num_joints,)`.
        target: What the action terms ask of each joint, in the unit of its actuator, `(num_envs, num_joints)`.
        encoder_bias: How much too far the joints' sensors point, rad or m, `(num_envs, num_joints)`. Position actions
            subtract it from their targets: the servo, not the observation, is off.
    """

    def __init__(self, name: str, cfg: ArticulationCfg, body: Body, batch: Batch) -> None:
        super().__init__(name, cfg, body, batch)
        self.articulation_cfg = cfg
        joints = [joint for joint in body.joints if joint.n_dofs == 1]
        self.joint_names = tuple(joint.name for joint in joints)
        self.num_joints = len(joints)
        dofs = [joint.dofs_idx_local[0] for joint in joints]
        if dofs != list(range(dofs[0], dofs[0] + len(dofs))):
            raise GenelabError(f"joints of {self.name!r} are not contiguous", fix="ball joints are not supported")
        self._dofs = slice(dofs[0], dofs[0] + len(dofs))
        first_q = joints[0].qs_idx_local[0]
        self._qs = slice(first_q, first_q + len(dofs))
        default = per_joint(cfg.joint_pos, self.joint_names, 0.0, f"{name}.joint_pos")
        self.default_joint_pos = torch.tensor(default, device=self.device).repeat(self.num_envs, 1)
        lower, upper = body.get_dofs_limit(self._dofs)
        self.joint_limits = torch.stack((lower.reshape(-1, len(dofs))[0], upper.reshape(-1, len(dofs))[0]), dim=1)
        self._check_default_pose()
        self._default_qpos[:, self._qs] = self.default_joint_pos
        self.target = self.default_joint_pos.clone()
        self.encoder_bias = torch.zeros_like(self.default_joint_pos)
        self.action_scale = torch.ones(self.num_joints, device=self.device)
        self.actuators = self._make_actuators()
        self._driving = [actuator for actuator in self.actuators.values() if not actuator.passive]

    def _check_default_pose(self) -> None:
        """Refuse a pose that the solver would leave at once, with a jerk."""
        for name, value, (low, high) in zip(
            self.joint_names, self.default_joint_pos[0].tolist(), self.joint_limits.tolist(), strict=True
        ):
            if not low - _LIMIT_TOLERANCE <= value <= high + _LIMIT_TOLERANCE:
                raise GenelabError(
                    f"default position {value:g} of joint {name!r} is beyond its limits {low:g} … {high:g}",
                    where=f"scene.entities.{self.name}.joint_pos",
                )

    def _make_actuators(self) -> dict[str, Actuator]:
        """Return the actuator groups."""
        owner: dict[str, str] = {}
        actuators: dict[str, Actuator] = {}
        for group, cfg in self.articulation_cfg.actuators.items():
            ids = self.find_joints(cfg.joints)
            names = tuple(self.joint_names[i] for i in ids)
            for name in names:
                if name in owner:
                    raise GenelabError(
                        f"joint {name!r} is in two actuator groups, {owner[name]!r} and {group!r}",
                        where=f"scene.entities.{self.name}.actuators",
                    )
                owner[name] = group
            actuator = built(cfg, Actuator, names, self.num_envs, self.device)
            actuator.joint_ids = _as_slice(ids)
            actuator.dofs = _as_slice([self._dofs.start + i for i in ids])
            self.action_scale[actuator.joint_ids] = torch.tensor(
                per_joint(cfg.action_scale, names, 1.0, f"{self.name}.actuators.{group}.action_scale"),
                device=self.device,
            )
            actuators[group] = actuator
        missing = [name for name in self.joint_names if name not in owner]
        if missing:
            raise GenelabError(
                f"no actuator group drives {', '.join(missing)}",
                where=f"scene.entities.{self.name}.actuators",
                fix="add them to a group; a passive joint needs one with zero gains",
            )
        return actuators

    def find_joints(self, patterns: tuple[str, ...] | None) -> list[int]:
        """Return indices of the joints that match any pattern, in model order; all for `None`."""
        return match_names(patterns, self.joint_names, f"joint of {self.name!r}")

    def find_links(self, patterns: tuple[str, ...] | None) -> list[int]:
        """Return indices of the links that match any pattern, in model order; all for `None`."""
        return match_names(patterns, self.link_names, f"link of {self.name!r}")

    @property
    def joint_pos(self) -> torch.Tensor:
        """Joint positions, rad or m, `(num_envs, num_joints)`."""
        return self.cached("joint_pos", lambda: self._visible(self.body.get_dofs_position(self._dofs)))

    @property
    def joint_vel(self) -> torch.Tensor:
        """Joint velocities, rad/s or m/s, `(num_envs, num_joints)`."""
        return self.cached("joint_vel", lambda: self._visible(self.body.get_dofs_velocity(self._dofs)))

    @property
    def link_pos(self) -> torch.Tensor:
        """Positions of the links' origins in the world, m, `(num_envs, num_links, 3)`."""
        return self.cached("link_pos", lambda: self._visible(self.body.get_links_pos()))

    @property
    def link_quat(self) -> torch.Tensor:
        """Orientations of the links, (w, x, y, z), `(num_envs, num_links, 4)`."""
        return self.cached("link_quat", lambda: self._visible(self.body.get_links_quat()))

    @property
    def link_ang_vel(self) -> torch.Tensor:
        """Angular velocities of the links in the world frame, rad/s, `(num_envs, num_links, 3)`."""
        return self.cached("link_ang_vel", lambda: self._visible(self.body.get_links_ang()))

    def link_jacobian(self, link: int) -> torch.Tensor:
        """Return the Jacobian of a link's origin in the world frame, `(num_envs, 6, num_joints)`.

        The first three rows give its linear velocity, m/s, the others its angular velocity, rad/s, for the velocities
        of the joints.
        """
        body = self.body.links[link]
        return self.cached(
            f"jacobian_{link}", lambda: self._visible(self.body.get_jacobian(body))[:, :, self._dofs].clone()
        )

    @property
    def link_lin_vel(self) -> torch.Tensor:
        """Velocities of the links' origins in the world frame, m/s, `(num_envs, num_links, 3)`."""
        return self.cached("link_lin_vel", lambda: self._visible(self.body.get_links_vel()))

    @property
    def link_contact_force(self) -> torch.Tensor:
        """Net contact forces on the links in the world frame, N, `(num_envs, num_links, 3)`, of the last tick."""
        return self.cached("link_contact_force", lambda: self._visible(self.body.get_links_net_contact_force()))

    @property
    def applied_effort(self) -> torch.Tensor:
        """Torques or forces that the actuators exert now, N m or N, `(num_envs, num_joints)`, limits included."""
        return self.cached("applied_effort", self._read_effort)

    def _read_effort(self) -> torch.Tensor:
        effort = torch.empty(self.num_envs, self.num_joints, device=self.device)
        for actuator in self.actuators.values():
            ids = actuator.joint_ids
            effort[:, ids] = actuator.effort(self.target[:, ids], self.joint_pos[:, ids], self.joint_vel[:, ids])
        return effort

    def reset(self, mask: torch.Tensor) -> None:
        super().reset(mask)
        self.target = torch.where(mask[:, None], self.default_joint_pos, self.target)

    def apply_actuators(self, *, first: bool) -> None:
        """Send the targets to Genesis: implicit actuators once a control step, explicit ones before every tick."""
        if first:
            self.flush()
        for actuator in self._driving:
            ids = actuator.joint_ids
            if actuator.needs_fresh_state:
                pos = self._visible(self.body.get_dofs_position(actuator.dofs))
                vel = self._visible(self.body.get_dofs_velocity(actuator.dofs))
                actuator.send(self.body, self.padded(actuator.effort(self.target[:, ids], pos, vel)))
            elif first:
                actuator.send(self.body, self.padded(self.target[:, ids]))

    def write_joints(self, pos: torch.Tensor, vel: torch.Tensor, mask: torch.Tensor) -> None:
        """Set joint positions and velocities `(num_envs, num_joints)` of the envs in `mask`, bool `(num_envs,)`."""
        self._stage(mask, qpos=(self._qs, pos), velocity=(self._dofs, vel))

    def write_joint_velocities(self, vel: torch.Tensor, mask: torch.Tensor) -> None:
        """Set joint velocities `(num_envs, num_joints)` of the envs in `mask`; positions stay."""
        self._stage(mask, qpos=None, velocity=(self._dofs, vel))

    def write_root_velocity(self, velocity: torch.Tensor, mask: torch.Tensor) -> None:
        """Set the free base's world linear and body angular velocity `(num_envs, 6)` of the envs in `mask`."""
        if not self.free_base:
            raise GenelabError(f"the base of {self.name!r} is fixed and has no velocity")
        self._stage(mask, qpos=None, velocity=(slice(0, 6), velocity))

    def describe(self) -> dict[str, Any]:
        """Return names, defaults, gains and limits, one value per joint, as plain values."""
        stiffness, damping = torch.zeros(2, self.num_joints, device=self.device)
        limit = torch.full((self.num_joints,), float("inf"), device=self.device)
        models: list[str] = [""] * self.num_joints
        for actuator in self.actuators.values():
            ids = actuator.joint_ids
            stiffness[ids], damping[ids], limit[ids] = actuator.stiffness, actuator.damping, actuator.effort_limit
            for index in _as_list(ids):
                models[index] = actuator.model
        return {
            "joint_names": list(self.joint_names),
            "default_joint_positions": self.default_joint_pos[0].tolist(),
            "actuator_models": models,
            "kp": stiffness.tolist(),
            "kv": damping.tolist(),
            "effort_limits": [value if value != float("inf") else None for value in limit.tolist()],
        }


def _as_slice(ids: list[int]) -> slice:
    """Return `ids` as a slice where they are contiguous, because Genesis reads and writes slices ten times faster."""
    if ids and ids == list(range(ids[0], ids[-1] + 1)):
        return slice(ids[0], ids[-1] + 1)
    return cast(slice, ids)


def _as_list(ids: slice | list[int]) -> list[int]:
    return list(range(ids.start, ids.stop)) if isinstance(ids, slice) else ids
