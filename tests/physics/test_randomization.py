"""Each kind of domain randomisation makes envs of one scene differ, and says what it drew."""

from __future__ import annotations

import math

import pytest
import torch

from genelab.config import SceneEntityCfg
from genelab.config.randomization import is_randomization, solver_flags_of
from genelab.config.task import derive_eval_env
from genelab.managers.term import resolve_entity
from genelab.mdp import randomization as randomize

QUIET = {
    "friction": (1.0, 1.0),
    "added": (0.0, 0.0),
    "x": (0.0, 0.0),
    "stiffness": (1.0, 1.0),
    "scale": (1.0, 1.0),
    "bias": (0.0, 0.0),
}


@pytest.fixture
def alike(rough_env):
    """The environment with all robots equal, side by side on the flat cell, and nothing randomised."""
    rough_env.reset(seed=5)
    robot, mask = rough_env.scene["robot"], torch.ones(8, dtype=torch.bool)
    properties = rough_env.scene.properties["robot"]
    properties.set_friction(torch.ones_like(properties.friction), mask)
    properties.set_mass(properties.nominal_mass.expand_as(properties.mass), mask)
    properties.set_com(properties.nominal_com.expand_as(properties.com), mask)
    properties.set_armature(properties.nominal_armature.expand_as(properties.armature), mask)
    ones = torch.ones_like(properties.stiffness_scale)
    properties.set_gain_scales(ones, ones, mask)
    robot.encoder_bias = torch.zeros_like(robot.encoder_bias)
    return rough_env


def asset(env, *links):
    return resolve_entity(SceneEntityCfg(name="robot", links=links or None), env)


def swing(env, height=0.26, velocity=0.0, target=0.5, steps=12):
    """Start all robots in the same state and return how they end: base position, joint positions, `(num_envs, 7)`."""
    robot, mask = env.scene["robot"], torch.ones(8, dtype=torch.bool)
    pos = torch.tensor(env.scene.placement.grid.origins[0, 0]).repeat(8, 1)
    pos[:, 2] += height
    twist = torch.zeros(8, 6)
    twist[:, 0] = velocity
    robot.write_root(pos, torch.tensor([1.0, 0.0, 0.0, 0.0]).repeat(8, 1), mask, velocity=twist)
    joints = torch.zeros_like(robot.joint_pos)
    robot.write_joints(joints, joints, mask)
    action = torch.full((8, 4), target)
    action[:, 3] = 0.0  # a velocity servo
    env.action_manager.terms["legs"].apply(action)
    for _ in range(steps):
        env.scene.step()
    return torch.cat((robot.root_pos, robot.joint_pos), dim=1)


def spread(values):
    return float((values.amax(dim=0) - values.amin(dim=0)).max())


def test_equal_robots_end_equal(alike):
    assert spread(swing(alike)) == 0.0


@pytest.mark.parametrize(
    ("term", "params", "links", "start"),
    [
        (randomize.randomize_friction, {"friction": (0.15, 1.5)}, (), {"velocity": 1.0, "target": 0.0}),
        (randomize.randomize_mass, {"added": (-1.0, 2.0)}, ("trunk",), {}),
        (randomize.randomize_com, {"x": (-0.1, 0.1)}, ("trunk",), {}),
        (randomize.randomize_gains, {"stiffness": (0.5, 1.5)}, (), {}),
        (randomize.randomize_gains, {"damping": (0.5, 2.0)}, (), {"steps": 3}),
        (randomize.randomize_armature, {"scale": (0.5, 4.0)}, (), {"steps": 3}),
        (randomize.randomize_encoder_bias, {"bias": (-0.1, 0.1)}, (), {}),
    ],
)
def test_envs_differ_and_equal_draws_do_not(alike, term, params, links, start):
    mask = torch.ones(8, dtype=torch.bool)
    drawn = term(alike, mask, **params, asset=asset(alike, *links))
    assert any(spread(values[:, None]) > 0.0 for values in drawn.values())
    assert spread(swing(alike, **start)) > 1e-3
    (name,) = params
    middle = (1.2, 1.2) if params[name][0] > 0.0 else (0.05, 0.05)
    term(alike, mask, **{name: middle}, asset=asset(alike, *links))
    assert spread(swing(alike, **start)) == 0.0, "a draw of the same value must undo what was drawn before"


@pytest.mark.parametrize("joint", [0, 1, 2, 3], ids=["implicit", "ideal", "dc_motor", "velocity"])
def test_gains_of_every_actuator_model_vary(alike, joint):
    properties, mask = alike.scene.properties["robot"], torch.ones(8, dtype=torch.bool)
    scale = torch.ones_like(properties.stiffness_scale)
    scale[4:, joint] = 0.4
    properties.set_gain_scales(scale, scale, mask)
    robot = alike.scene["robot"]
    robot.target = torch.zeros_like(robot.target)
    swing(alike, height=1.0, steps=1)
    robot.target[:, joint] = 0.5
    for _ in range(3):
        alike.scene.step()
    effort = robot.applied_effort[:, joint]
    assert (robot.joint_pos[0, joint] - robot.joint_pos[7, joint]).abs() > 1e-3
    assert effort[0] != effort[7]


def test_only_the_envs_of_the_mask_change(alike):
    properties = alike.scene.properties["robot"]
    mask = torch.tensor([True, False] * 4)
    before = properties.mass.clone()
    randomize.randomize_mass(alike, mask, added=(0.5, 1.0), asset=asset(alike, "trunk"))
    in_genesis = alike.scene["robot"].body.get_links_mass()
    assert (
        torch.equal(properties.mass[~mask], before[~mask]) and (properties.mass[mask, 0] > before[mask, 0] + 0.4).all()
    )
    assert torch.allclose(in_genesis, properties.mass)


def test_episodes_record_what_was_drawn(rough_env):
    from genelab.eval.protocol import evaluate_policy
    from genelab.rl.policy import Policy

    class Still(Policy):
        def __call__(self, observation):
            return torch.zeros(8, 4)

    rough_env.episode_length_buf = torch.zeros(8, dtype=torch.long)
    limit, rough_env.max_episode_length = rough_env.max_episode_length, 20
    try:
        result = evaluate_policy(rough_env, Still(), episodes=12, seed=3)
    finally:
        rough_env.max_episode_length = limit
    names = {"friction", "mass", "com.x", "gains.stiffness", "armature", "encoder", "action_delay", "push.y"}
    assert all(names <= set(row["dr"]) for row in result.rows)
    assert "latency/policy/joint_pos" in result.rows[0]["dr"]
    masses = [row["dr"]["mass"] for row in result.rows]
    assert len(set(masses)) == 12 and all(-1.0 <= mass <= 2.0 for mass in masses)
    assert {row["dr"]["action_delay"] for row in result.rows} <= {0.0, 1.0, 2.0}
    gains = [row["dr"]["gains.stiffness"] for row in result.rows]
    assert len(set(gains)) == 12, "what is drawn once in training is drawn for each episode of an evaluation"
    assert all(row["dr"]["push.y"] is None or abs(row["dr"]["push.y"]) <= 0.5 for row in result.rows)


def test_terms_ask_for_the_flags_that_let_envs_differ(rough_env):
    assert solver_flags_of(randomize.randomize_mass) == ("batch_links_info",)
    assert rough_env.scene.solver_cfg.batch_links_info and rough_env.scene.solver_cfg.batch_dofs_info
    assert not rough_env.cfg.simulation.solver.batch_links_info, "the task's config stays as it was written"


def test_without_the_flags_nothing_is_changed_silently(quadruped_env):
    from genelab.utils.errors import GenelabError

    properties = quadruped_env.scene.properties["robot"]
    with pytest.raises(GenelabError, match="cannot differ between envs"):
        properties.set_mass(properties.mass, torch.ones(8, dtype=torch.bool))


def test_evaluation_environments_are_not_randomised(rough_env):
    left = derive_eval_env(rough_env.cfg).events
    assert set(left) == {"reset_root", "reset_joints"}
    assert not any(is_randomization(event.func) for event in left.values())


def test_friction_decides_how_far_a_sliding_robot_gets(alike):
    """v²/(2 μ g) with stiff, straight legs: twice the friction, about half the way."""
    properties, mask = alike.scene.properties["robot"], torch.ones(8, dtype=torch.bool)
    friction = torch.full_like(properties.friction, 0.3)
    friction[4:] = 0.6
    properties.set_friction(friction, mask)
    end = swing(alike, height=0.235, velocity=0.8, target=-0.4, steps=40)
    start = alike.scene.placement.grid.origins[0, 0, 0]
    way = end[:, 0] - start
    assert way[0] > 1.4 * way[7] > 0.0
    assert math.isfinite(float(way.sum()))


def test_actions_arrive_late_and_disturbed_env_by_env(rough_env):
    rough_env.reset(seed=6)
    robot, lag = rough_env.scene["robot"], rough_env.action_manager.delay.lag
    robot.encoder_bias = torch.zeros_like(robot.encoder_bias)
    prompt = lag == 0
    assert 0 < prompt.sum() < 8
    rough_env.step(torch.ones(8, 4))
    arrived = (robot.target - robot.default_joint_pos) / 0.25
    assert (arrived[prompt] - 1.0).abs().max() < 0.06 and arrived[~prompt].abs().max() < 0.06
    assert spread(arrived[prompt]) > 1e-4, "noise is drawn for each env"


def test_a_push_adds_to_the_velocity(rough_env):
    from genelab.mdp import push_root

    rough_env.reset(seed=1)
    robot, mask = rough_env.scene["robot"], torch.tensor([True, False] * 4)
    moving = torch.zeros(8, 6)
    moving[:, 0], moving[:, 1] = 0.5, 0.2
    robot.write_root_velocity(moving, torch.ones(8, dtype=torch.bool))
    drawn = push_root(rough_env, mask, {"x": (0.3, 0.3)}, asset=asset(rough_env))
    assert drawn["x"].tolist() == pytest.approx([0.3] * 8)
    expected = torch.where(mask, 0.8, 0.5)
    assert torch.allclose(robot.root_lin_vel[:, 0], expected, atol=1e-5)
    assert torch.allclose(robot.root_lin_vel[:, 1], torch.full((8,), 0.2), atol=1e-5)
