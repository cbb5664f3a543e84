"""Tables of the velocity tasks, without a simulator."""

from __future__ import annotations

import pytest

from genelab.config.serialization import from_json, to_json
from genelab.plugins.catalog import get_catalog
from genelab.plugins.stages import training_stages
from genelab.plugins.tasks import load_task

TASKS = [
    f"Genelab-Velocity-{name}-v0"
    for name in (
        "Flat-Unitree-Go1",
        "Rough-Unitree-Go1",
        "Flat-Unitree-G1",
        "Rough-Unitree-G1",
        "Flat-Unitree-Go2W-CrabStage1",
        "Flat-Unitree-Go2W",
    )
]


@pytest.mark.parametrize("task", TASKS)
def test_a_task_survives_json_with_its_agent(task: str):
    cfg = load_task(task, backend="rsl_rl").cfg
    assert from_json(to_json(cfg)) == cfg
    assert cfg.agent.algorithm.symmetry_cfg.use_data_augmentation


@pytest.mark.parametrize("task", TASKS)
def test_every_backend_normalises_observations_and_lets_legs_step(task: str):
    """Actions of ±1 are 0.25 rad: a backend that clips them there by default would keep a leg from stepping."""
    agents = {backend: load_task(task, backend=backend).cfg.agent for backend in ("rsl_rl", "sb3", "skrl")}
    assert load_task(task).spec.default_backend == "rsl_rl"
    assert len({agent.experiment_name for agent in agents.values()}) == 1
    assert all(agent.clip_actions >= 10.0 for agent in agents.values())
    assert agents["rsl_rl"].actor.obs_normalization
    assert agents["sb3"].policy.obs_normalization and agents["skrl"].models.obs_normalization
    assert (agents["skrl"].obs_group, agents["skrl"].state_group) == (("policy",), ("critic",))


@pytest.mark.parametrize("task", TASKS)
def test_control_runs_at_50_hz_over_episodes_of_20_s(task: str):
    env = load_task(task).cfg.env
    assert env.step_dt == pytest.approx(0.02)
    assert env.max_episode_length == 1000


@pytest.mark.parametrize("task", TASKS)
def test_following_the_command_is_all_that_is_worth_much(task: str):
    rewards = load_task(task).cfg.env.rewards
    positive = {name for name, term in rewards.items() if term.weight > 0}
    assert {"track_lin_vel", "track_ang_vel"} <= positive
    assert positive <= {"track_lin_vel", "track_ang_vel", "air_time", "upright", "pose"}


def test_rough_ground_adds_a_scan_and_a_curriculum_to_the_flat_task():
    flat, rough = (load_task(f"Genelab-Velocity-{kind}-Unitree-Go1-v0").cfg.env for kind in ("Flat", "Rough"))
    for group in ("policy", "critic"):
        assert set(rough.observations[group].terms) - set(flat.observations[group].terms) == {"height_scan"}
    assert "terrain_levels" in rough.curriculum and not flat.curriculum
    assert len(rough.scene.terrain.cells) == 6


def test_go2w_begins_with_a_policy_that_sees_and_does_the_same():
    stages = training_stages(get_catalog(), TASKS[-1])
    assert stages == TASKS[-2:]
    first, second = (load_task(task).cfg.env for task in stages)
    assert first.observations == second.observations
    assert first.actions == second.actions


def test_the_wheels_are_locked_in_the_first_stage_only():
    for name, scale in (("Flat-Unitree-Go2W-CrabStage1", 0.0), ("Flat-Unitree-Go2W", 20.0)):
        env = load_task(f"Genelab-Velocity-{name}-v0").cfg.env
        assert env.scene.entities["robot"].actuators["wheels"].action_scale == scale
        assert env.observations["policy"].history_length == 5
        assert (env.action_noise_std, env.action_delay) == (0.05, (0, 2))


def test_evaluation_leaves_out_what_was_randomised_for_training():
    task = load_task("Genelab-Velocity-Flat-Unitree-Go2W-v0").cfg
    assert {"base_mass", "gains", "push"} <= set(task.env.events)
    assert set(task.eval_env.events) == {"reset_base", "reset_joints"}
    assert task.eval_env.action_noise_std == 0.0
