"""Terms of the cart-poles. Angles are absolute: each pole's tilt from the vertical, rad."""

from __future__ import annotations

from genelab.managers.term import ROBOT, SceneEntity
from genelab.managers.term_env import TermEnv
from genelab.mdp.events import reset_joints_by_offset
from genelab.utils.lazy import torch


def _cart(env: TermEnv) -> torch.Tensor:
    """Position of the cart, m, `(num_envs,)`."""
    return env.scene.articulation("robot").joint_pos[:, 0]


def _hinges(env: TermEnv) -> torch.Tensor:
    """Angles of the hinges, rad, `(num_envs, num_poles)`."""
    return env.scene.articulation("robot").joint_pos[:, 1:]


def upright(env: TermEnv) -> torch.Tensor:
    """Mean cosine of the hinge angles; 1 when everything stands."""
    return torch.cos(_hinges(env)).mean(dim=1)


def first_hinge_l2(env: TermEnv) -> torch.Tensor:
    """Square of the first hinge's angle, rad²."""
    return _hinges(env)[:, 0].square()


def hinge_difference_l2(env: TermEnv) -> torch.Tensor:
    """Square of the difference of the two hinge angles, rad²."""
    hinges = _hinges(env)
    return (hinges[:, 1] - hinges[:, 0]).square()


def cart_position_l2(env: TermEnv) -> torch.Tensor:
    """Square of the cart's position, m²."""
    return _cart(env).square()


def target_error_l2(env: TermEnv, command: str) -> torch.Tensor:
    """Square of the cart's distance from the target, m²."""
    return (_cart(env) - env.command_manager.get(command)[:, 0]).square()


def target_reached(env: TermEnv, command: str, std: float) -> torch.Tensor:
    """exp(−(x − target)² / std²), std in m: what the last centimetres are worth."""
    return torch.exp(target_error_l2(env, command) * (-1.0 / std**2))


def target_cue(env: TermEnv, command: str, steps: int) -> torch.Tensor:
    """The target, m, while the episode is younger than `steps` control steps, then 0."""
    shown = (env.episode_length_buf < steps).to(torch.float32)
    return env.command_manager.get(command)[:, 0] * shown


def target_distance(env: TermEnv, command: str) -> torch.Tensor:
    """|x − target|, m."""
    return (_cart(env) - env.command_manager.get(command)[:, 0]).abs()


def begin_again(
    env: TermEnv,
    mask: torch.Tensor,
    steps: int,
    position: tuple[float, float],
    velocity: tuple[float, float],
    asset: SceneEntity = ROBOT,
) -> None:
    """Event: put the joints back to where an episode begins, once, when it is `steps` control steps old."""
    due = mask & (env.episode_length_buf == steps)
    if not env.nobody(due):
        reset_joints_by_offset(env, due, position, velocity, asset)
