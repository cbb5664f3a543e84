"""Tables of the tracking tasks, without a simulator."""

from __future__ import annotations

import pytest

from genelab.config.serialization import from_json, to_json
from genelab.plugins.tasks import load_task
from genelab_tasks_locomotion.tracking.evaluation import START, STARTS
from genelab_tasks_locomotion.tracking.g1 import BODIES, COMMAND

FULL = "Genelab-Tracking-Flat-Unitree-G1-v0"
BLIND = "Genelab-Tracking-Flat-Unitree-G1-No-State-Estimation-v0"


@pytest.mark.parametrize("backend", ["rsl_rl", "sb3", "skrl"])
@pytest.mark.parametrize("task", [FULL, BLIND])
def test_a_task_survives_json_with_each_agent(task: str, backend: str) -> None:
    cfg = load_task(task, backend=backend).cfg
    assert from_json(to_json(cfg)) == cfg
    assert cfg.agent.experiment_name == "g1_tracking_flat"


def test_the_tables_are_those_of_the_documents() -> None:
    env = load_task(FULL).cfg.env
    weights = {name: term.weight for name, term in env.rewards.items()}
    assert sum(weight for weight in weights.values() if weight > 0) == 5.0
    assert (weights["action_rate"], weights["joint_pos_limits"]) == (-0.1, -10.0)
    assert env.step_dt == pytest.approx(0.02) and env.max_episode_length == 500
    assert len(BODIES) == 14 and env.commands[COMMAND].bodies == BODIES
    limits = {name: term.params["limit"] for name, term in env.terminations.items() if "limit" in term.params}
    assert limits == {"anchor_height": 0.25, "anchor_tilt": 0.8, "end_effectors": 0.25}
    assert not any(group.corrupt for group in env.observations.values())


def test_without_state_estimation_the_policy_knows_neither_place_nor_velocity() -> None:
    full, blind = (load_task(task).cfg.env.observations for task in (FULL, BLIND))
    assert full["policy"].terms.keys() - blind["policy"].terms.keys() == {"anchor_pos", "base_lin_vel"}
    assert full["critic"] == blind["critic"]


def test_an_evaluation_goes_once_to_the_end_of_the_clip_that_training_follows() -> None:
    cfg = load_task(FULL, overrides=[("env.commands.motion.clip", "walk_turn_back")]).cfg
    command = cfg.eval_env.commands[COMMAND]
    assert (command.clip, command.start, command.at_end) == ("walk_turn_back", "first", "finish")
    assert cfg.eval_env.events == {}
    for axis, (_, most) in command.velocity.items():
        assert 0.0 < most <= cfg.env.commands[COMMAND].velocity[axis][1]
    assert cfg.eval_env.strata == {START: STARTS}
    assert cfg.env.commands[COMMAND].at_end == "resample" and cfg.env.strata == {}


def test_the_command_line_chooses_starts_and_what_actions_count_from() -> None:
    overrides = [("env.commands.motion.start", "adaptive"), ("env.actions.joints.around", "null")]
    env = load_task(FULL, overrides=overrides).cfg.env
    assert env.commands[COMMAND].start == "adaptive" and env.actions["joints"].around is None


def test_playback_needs_no_agent_and_survives_json() -> None:
    task = load_task("GeneLab-Motion-Playback-v0", overrides=[("env.actions.motion.clip", "walk_turn_back")])
    assert task.spec.kind == "playback" and from_json(to_json(task.cfg)) == task.cfg
    assert task.cfg.env.step_dt == pytest.approx(0.02)
