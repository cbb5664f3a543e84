"""Velocity commands of evaluation episodes: drawn from the bin's ranges, held to the end."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from genelab.config import ManagerBasedRlEnvCfg, TaskCfg
from genelab.config.serialization import from_json, to_json
from genelab.managers.random_streams import RandomStreams
from genelab.mdp.velocity_command import VelocityBinCfg, VelocityCommandCfg
from genelab.utils.errors import UsageError

BINS = {
    "ahead": VelocityBinCfg(lin_vel_x=(0.5, 1.0)),
    "left": VelocityBinCfg(lin_vel_y=(0.2, 0.4)),
    "stand": VelocityBinCfg(),
}


def command_in(num_envs: int, strata, *, evaluation: bool = True):
    """Return a command term on its own; the robot stands still."""
    random = RandomStreams(num_envs, "cpu", 3, strata)
    if evaluation:
        random.begin_evaluation()
    cfg = VelocityCommandCfg(stratum="direction", bins=BINS, resampling_s=(3.0, 8.0), standing_share=1.0)
    still = torch.zeros(num_envs, 3)
    robot = SimpleNamespace(root_quat=torch.tensor([[1.0, 0.0, 0.0, 0.0]] * num_envs), base_lin_vel=still)
    env = SimpleNamespace(
        num_envs=num_envs,
        device=torch.device("cpu"),
        strata=strata,
        random=random,
        scene={"robot": robot},
        nobody=lambda mask: not bool(mask.any()),
    )
    term = cfg.build(env)
    term.name = "twist"
    term.reset(torch.ones(num_envs, dtype=torch.bool))
    return term


def test_an_episode_draws_from_the_ranges_of_its_bin():
    command = command_in(30, {"direction": tuple(BINS)}).command
    ahead, left, stand = command[0::3], command[1::3], command[2::3]
    assert ((ahead[:, 0] >= 0.5) & (ahead[:, 0] < 1.0)).all() and (ahead[:, 1:] == 0).all()
    assert ((left[:, 1] >= 0.2) & (left[:, 1] < 0.4)).all() and (left[:, [0, 2]] == 0).all()
    assert (stand == 0).all()
    assert len(ahead[:, 0].unique()) == 10


def test_an_evaluation_command_is_held_while_one_of_training_changes():
    strata = {"direction": tuple(BINS)}
    held, drawn = command_in(30, strata), command_in(30, strata, evaluation=False)
    drawn.cfg.standing_share = 0.0
    for term, changes in ((held, False), (drawn, True)):
        before = term.command.clone()
        for _ in range(20):
            term.compute(1.0)
        assert torch.equal(term.command, before) != changes


def test_a_share_of_the_training_commands_asks_for_one_axis_alone():
    term = command_in(3000, {"direction": tuple(BINS)}, evaluation=False)
    term.cfg.standing_share, term.cfg.forward_share, term.cfg.axis_share = 0.0, 0.2, 0.3
    term.reset(torch.ones(3000, dtype=torch.bool))
    moving = term.command != 0.0
    alone = moving.sum(dim=1) == 1
    assert (alone.float().mean() - 0.5).abs() < 0.05, "a fifth straight ahead and three tenths along any axis"
    for axis, share in ((0, 0.3), (1, 0.1), (2, 0.1)):
        assert ((alone & moving[:, axis]).float().mean() - share).abs() < 0.03
    assert (term.command[alone & moving[:, 2], 2] < 0).any()


@pytest.mark.parametrize("strata", [{}, {"direction": 3}, {"direction": ("left", "ahead", "stand")}])
def test_a_stratum_with_other_bins_than_the_command_is_refused(strata):
    with pytest.raises(UsageError, match="stratum"):
        command_in(3, strata)


def measure_longer(env: ManagerBasedRlEnvCfg) -> None:
    env.episode_length_s *= 2.0


def test_what_a_task_changes_for_evaluation_follows_overrides_of_env():
    task = TaskCfg(env=ManagerBasedRlEnvCfg(episode_length_s=5.0), for_evaluation=measure_longer)
    assert from_json(to_json(task)) == task
    task.env.episode_length_s = 7.0
    made = task.completed()
    assert (made.env.episode_length_s, made.eval_env.episode_length_s, made.play_env.episode_length_s) == (7, 14, 14)
    assert made.completed() == made


def test_an_evaluation_environment_is_either_given_or_derived():
    env = ManagerBasedRlEnvCfg()
    with pytest.raises(ValueError, match="eval_env is given"):
        TaskCfg(env=env, eval_env=env, for_evaluation=measure_longer)
