"""Domain randomisation: event terms that make envs differ, and report what they drew.

Each draws anew from the model's own values, never from what was drawn before. With mode `"reset"` an episode has its
own draw; with `"startup"` an env keeps one for the whole training.
"""

from __future__ import annotations

from collections.abc import Mapping

from genelab.config.base import Range
from genelab.config.randomization import randomizes
from genelab.entities.physical_properties import PhysicalProperties
from genelab.managers.term import ROBOT, SceneEntity
from genelab.managers.term_env import TermEnv
from genelab.utils.lazy import torch

Draws = Mapping[str, "torch.Tensor"]
"""What a term reports, `(num_envs,)` each; the key `""` stands for the term itself."""


@randomizes()
def randomize_friction(
    env: TermEnv, mask: torch.Tensor, friction: Range, shared: bool = True, asset: SceneEntity = ROBOT
) -> Draws:
    """Set the friction coefficient of the chosen links to U(friction).

    Genesis takes the larger coefficient of a pair, so the ground's is lowered to `friction[0]` if it is more: it would
    hide the difference. Links that are not chosen keep their own, 1 unless the model file says otherwise.

    Args:
        env: The environment.
        mask: Bool `(num_envs,)`.
        friction: Range of the coefficient.
        shared: One value for all chosen links instead of one each.
        asset: The links.
    """
    env.scene.lower_ground_friction(friction[0])
    properties = _properties(env, asset)
    values = properties.friction.clone()
    count = values[:, asset.links].shape[1]
    drawn = _draw(env, "friction", asset, 1 if shared else count, mask, friction)
    values[:, asset.links] = drawn
    properties.set_friction(values, mask)
    return {"": drawn.mean(dim=1)}


@randomizes("batch_links_info")
def randomize_mass(
    env: TermEnv, mask: torch.Tensor, added: Range | None = None, scale: Range | None = None, asset: SceneEntity = ROBOT
) -> Draws:
    """Set the mass of each chosen link to nominal · U(scale) + U(added), kg, one draw for all of them. Inertias stay.

    Reports the mass added to all of them together, kg.
    """
    properties = _properties(env, asset)
    mass, nominal = properties.mass.clone(), properties.nominal_mass[asset.links]
    factor = 1.0 if scale is None else _draw(env, "mass/scale", asset, 1, mask, scale)
    extra = 0.0 if added is None else _draw(env, "mass/added", asset, 1, mask, added)
    drawn = nominal * factor + extra
    mass[:, asset.links] = drawn
    properties.set_mass(mass, mask)
    return {"": (mass - properties.nominal_mass)[:, asset.links].sum(dim=1)}


@randomizes("batch_links_info")
def randomize_com(
    env: TermEnv,
    mask: torch.Tensor,
    x: Range = (0.0, 0.0),
    y: Range = (0.0, 0.0),
    z: Range = (0.0, 0.0),
    asset: SceneEntity = ROBOT,
) -> Draws:
    """Shift the centre of mass of each chosen link by U(x), U(y), U(z), m, in its own frame, one draw for all."""
    properties = _properties(env, asset)
    com = properties.com.clone()
    low, high = torch.tensor((x, y, z), device=env.device).unbind(1)
    shift = env.random.uniform(f"randomize/com/{asset.name}", 3, mask, low=low, high=high)
    com[:, asset.links] = properties.nominal_com[asset.links] + shift[:, None]
    properties.set_com(com, mask)
    return dict(zip("xyz", shift.unbind(1), strict=True))


@randomizes("batch_dofs_info")
def randomize_gains(
    env: TermEnv,
    mask: torch.Tensor,
    stiffness: Range = (1.0, 1.0),
    damping: Range = (1.0, 1.0),
    asset: SceneEntity = ROBOT,
) -> Draws:
    """Multiply the gains of each chosen joint by U(stiffness) and U(damping), drawn joint by joint.

    Reports the means over the joints.
    """
    properties = _properties(env, asset)
    scales = {"stiffness": properties.stiffness_scale.clone(), "damping": properties.damping_scale.clone()}
    drawn: dict[str, torch.Tensor] = {}
    for (name, values), span in zip(scales.items(), (stiffness, damping), strict=True):
        chosen = _draw(env, f"gains/{name}", asset, values[:, asset.joints].shape[1], mask, span)
        values[:, asset.joints] = chosen
        drawn[name] = chosen.mean(dim=1)
    properties.set_gain_scales(scales["stiffness"], scales["damping"], mask)
    return drawn


@randomizes("batch_dofs_info", "batch_links_info")
def randomize_armature(env: TermEnv, mask: torch.Tensor, scale: Range, asset: SceneEntity = ROBOT) -> Draws:
    """Multiply the armature of the chosen joints by U(scale), one factor for all of them."""
    properties = _properties(env, asset)
    armature = properties.armature.clone()
    factor = _draw(env, "armature", asset, 1, mask, scale)
    armature[:, asset.joints] = (properties.nominal_armature * factor)[:, asset.joints]
    properties.set_armature(armature, mask)
    return {"": factor[:, 0]}


@randomizes()
def randomize_encoder_bias(env: TermEnv, mask: torch.Tensor, bias: Range, asset: SceneEntity = ROBOT) -> Draws:
    """Let the encoders of the chosen joints point U(bias) too far, rad or m, joint by joint.

    It acts on the targets of position actions only; observations stay unbiased. Reports the mean magnitude.
    """
    robot = asset.robot
    values = robot.encoder_bias.clone()
    chosen = _draw(env, "encoder_bias", asset, values[:, asset.joints].shape[1], mask, bias)
    values[:, asset.joints] = chosen
    robot.encoder_bias = torch.where(mask[:, None], values, robot.encoder_bias)
    return {"": chosen.abs().mean(dim=1)}


def _properties(env: TermEnv, asset: SceneEntity) -> PhysicalProperties:
    return env.scene.properties[asset.name]


def _draw(env: TermEnv, what: str, asset: SceneEntity, count: int, mask: torch.Tensor, span: Range) -> torch.Tensor:
    """Draw `count` numbers per env, `(num_envs, count)`."""
    return env.random.uniform(f"randomize/{what}/{asset.name}", count, mask, low=span[0], high=span[1])
