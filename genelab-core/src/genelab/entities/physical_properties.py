"""What randomisation changes about a body: masses, centres of mass, friction, armature and gains, env by env."""

from __future__ import annotations

from typing import Any

from genelab.config.simulation import RigidSolverCfg
from genelab.entities.articulation import Articulation
from genelab.entities.entity import Entity
from genelab.utils.errors import GenelabError
from genelab.utils.lazy import torch
from genelab.utils.rotations import rotate_matrix


class PhysicalProperties:
    """The present values of one entity. Links and joints are in the entity's order.

    Setters take values for all envs and write those of the envs in a mask, bool `(num_envs,)`.

    Attributes:
        mass: kg, `(num_envs, num_links)`.
        com: Centres of mass in the links' frames, m, `(num_envs, num_links, 3)`.
        inertia: About the centres of mass, in the links' frames, kg m², `(num_links, 3, 3)`; no setter changes it.
        friction: Coefficients of the links' geometry, `(num_envs, num_links)`; Genesis takes the larger of a pair.
        armature: kg m², `(num_envs, num_joints)`.
        stiffness_scale: Factors on the actuators' stiffness, `(num_envs, num_joints)`.
        damping_scale: Likewise for damping.
    """

    def __init__(self, entity: Entity, solver: RigidSolverCfg) -> None:
        self._owner, self._solver = entity, solver
        self._body: Any = entity.body  # Genesis' own entity: the protocol has none of this
        count, device = entity.num_envs, entity.device
        links = self._body.links
        self.mass = self._rows(self._body.get_links_mass(), 1)
        self.com = self._rows(self._body.get_links_COM(), 2)
        turns = torch.tensor([[float(part) for part in link.desc.inertial_quat] for link in links], device=device)
        self.inertia = rotate_matrix(turns, self._body.get_links_inertia().reshape(-1, len(links), 3, 3)[0])
        friction = [max((float(geom.get_friction()) for geom in link.geoms), default=1.0) for link in links]
        self._nominal_friction = torch.tensor(friction, device=device)
        self.friction = self._nominal_friction.repeat(count, 1)
        self.armature = self.stiffness_scale = self.damping_scale = torch.zeros(count, 0, device=device)
        if isinstance(entity, Articulation):
            self.armature = torch.zeros(count, entity.num_joints, device=device)
            for actuator in entity.actuators.values():
                self.armature[:, actuator.joint_ids] = self._rows(self._body.get_dofs_armature(actuator.dofs), 1)
            self.stiffness_scale = torch.ones(count, entity.num_joints, device=device)
            self.damping_scale = torch.ones_like(self.stiffness_scale)
        self.nominal_mass, self.nominal_com = self.mass[0].clone(), self.com[0].clone()
        self.nominal_armature = self.armature[:1].clone()
        self._changed: set[str] = set()

    def _rows(self, values: torch.Tensor, dims: int) -> torch.Tensor:
        """Return values, which Genesis gives once or env by env, for the envs that are seen."""
        if values.dim() == dims:
            return values.repeat(self._owner.num_envs, *[1] * dims)
        return values[: self._owner.num_envs].clone(memory_format=torch.contiguous_format)

    def set_mass(self, mass: torch.Tensor, mask: torch.Tensor) -> None:
        """Set the links' masses, kg, `(num_envs, num_links)`; inertias stay."""
        self._require("batch_links_info")
        self.mass = self._written("mass", mask, mass, self.mass)
        rows, envs = self._selected(mask, self.mass)
        moving = self._moving_links()
        self._body.set_links_mass(rows[:, moving], moving, envs)

    def set_com(self, com: torch.Tensor, mask: torch.Tensor) -> None:
        """Set the links' centres of mass, m, `(num_envs, num_links, 3)`."""
        self._require("batch_links_info")
        self.com = self._written("com", mask, com, self.com)
        rows, envs = self._selected(mask, self.com)
        moving = self._moving_links()
        self._body.set_links_COM(rows[:, moving], moving, envs)

    def set_friction(self, friction: torch.Tensor, mask: torch.Tensor) -> None:
        """Set the friction coefficients of the links' geometry, `(num_envs, num_links)`."""
        self.friction = self._written("friction", mask, friction, self.friction)
        links = [index for index, link in enumerate(self._body.links) if link.n_geoms > 0]
        rows, envs = self._selected(mask, self.friction / self._nominal_friction)
        self._body.set_friction_ratio(rows[:, links], links, envs)

    def set_armature(self, armature: torch.Tensor, mask: torch.Tensor) -> None:
        """Set the joints' armature, kg m², `(num_envs, num_joints)`."""
        self._require("batch_links_info")
        self._require("batch_dofs_info")
        self.armature = self._written("armature", mask, armature, self.armature)
        rows, envs = self._selected(mask, self.armature)
        for actuator in self._robot.actuators.values():
            self._body.set_dofs_armature(rows[:, actuator.joint_ids], actuator.dofs, envs)

    def set_gain_scales(self, stiffness: torch.Tensor, damping: torch.Tensor, mask: torch.Tensor) -> None:
        """Set the factors on the actuators' stiffness and damping, `(num_envs, num_joints)` each."""
        self._require("batch_dofs_info")
        self.stiffness_scale = self._written("stiffness_scale", mask, stiffness, self.stiffness_scale)
        self.damping_scale = self._written("damping_scale", mask, damping, self.damping_scale)
        stiffness_rows, envs = self._selected(mask, self.stiffness_scale)
        damping_rows, _ = self._selected(mask, self.damping_scale)
        for actuator in self._robot.actuators.values():
            ids = actuator.joint_ids
            actuator.stiffness_scale, actuator.damping_scale = self.stiffness_scale[:, ids], self.damping_scale[:, ids]
            kp, kv = actuator.simulated_gains()
            self._body.set_dofs_kp(kp * stiffness_rows[:, ids], actuator.dofs, envs)
            self._body.set_dofs_kv(kv * damping_rows[:, ids], actuator.dofs, envs)

    @property
    def _robot(self) -> Articulation:
        if not isinstance(self._owner, Articulation):
            raise GenelabError(f"entity {self._owner.name!r} has no joints")
        return self._owner

    def _moving_links(self) -> list[int]:
        return [index for index, link in enumerate(self._body.links) if not link.is_fixed]

    def _require(self, flag: str) -> None:
        """Refuse what Genesis would do to all envs at once without a word."""
        if not vars(self._solver)[flag]:
            raise GenelabError(
                f"{self._owner.name!r} cannot differ between envs in this scene",
                fix=f"set simulation.solver.{flag}, or mark the event term with genelab.config.randomizes({flag!r})",
            )

    def _written(self, name: str, mask: torch.Tensor, new: torch.Tensor, old: torch.Tensor) -> torch.Tensor:
        self._changed.add(name)
        return torch.where(mask.view(-1, *[1] * (old.dim() - 1)), new, old)

    def _selected(self, mask: torch.Tensor, values: torch.Tensor) -> tuple[torch.Tensor, Any]:
        """Return the rows to write and their envs, idle ones included.

        Genesis recomputes inverse weights env by env (70 µs each on a CPU), so there only what changes is written; a
        GPU would have to wait for the list.
        """
        rows, padded = self._owner.padded(values), self._owner.padded(mask)
        if padded.device.type != "cpu":
            return rows, None
        envs = padded.nonzero()[:, 0]
        return rows[envs], envs

    def state_dict(self) -> dict[str, torch.Tensor]:
        """Return what was changed."""
        return {name: vars(self)[name].clone() for name in sorted(self._changed)}

    def load_state_dict(self, state: dict[str, torch.Tensor]) -> None:
        """Restore what `state_dict` returned."""
        device = self._owner.device
        everyone = torch.ones(self._owner.num_envs, dtype=torch.bool, device=device)
        values = {name: value.to(device, copy=True) for name, value in state.items()}
        if "mass" in values:
            self.set_mass(values["mass"], everyone)
        if "com" in values:
            self.set_com(values["com"], everyone)
        if "friction" in values:
            self.set_friction(values["friction"], everyone)
        if "armature" in values:
            self.set_armature(values["armature"], everyone)
        if "stiffness_scale" in values:
            self.set_gain_scales(values["stiffness_scale"], values["damping_scale"], everyone)
