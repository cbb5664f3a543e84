"""Left and right are the same to a cart-pole; its agents are told so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from genelab.utils.lazy import torch

if TYPE_CHECKING:
    from genelab_backend_rslrl.vec_env import RslRlVecEnv

GYRO = (1.0, -1.0, -1.0)
"""An angular velocity is a pseudo-vector: in a mirror across the slide only its component along the slide stays."""


def mirror_cartpole(
    env: RslRlVecEnv, obs: Any | None, actions: torch.Tensor | None
) -> tuple[Any | None, torch.Tensor | None]:
    """Append mirrored rows to observations of `cartpole_observations` and to actions; see `RslRlSymmetryCfg`."""
    if obs is not None:
        mirrored = obs.clone(recurse=False)
        for name, group in obs.items():
            mirrored[name] = group * torch.tensor(_signs(group.shape[-1]), device=group.device)
        obs = torch.cat((obs, mirrored))
    if actions is not None:
        actions = torch.cat((actions, -actions))
    return obs, actions


def _signs(width: int) -> tuple[float, ...]:
    """Return the sign of each observation: joint positions and velocities, gyroscope, last action."""
    joints = width - len(GYRO) - 1
    return (-1.0,) * joints + GYRO + (-1.0,)
