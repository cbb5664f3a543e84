"""Demonstrations in a buffer of their own: mixed mini-batches, cloning, updates before acting."""

from __future__ import annotations

import json
import zipfile
from typing import Any

import numpy as np
import pytest
import torch
from sb3_runs import train
from test_sb3_her import her_agent
from test_sb3_resume import everything

from genelab.rl.policy import ActorPolicy
from genelab.testing import bit_differences
from genelab.testing.goal_env import GoalEnv, record_demonstrations
from genelab.utils.errors import UsageError
from genelab_backend_sb3 import Sb3AgentCfg, Sb3ImitationCfg, Sb3PolicyCfg
from genelab_backend_sb3.backend import Sb3Backend
from genelab_backend_sb3.build import build_algorithm
from genelab_backend_sb3.demonstrations import read_demonstrations, take_in
from genelab_backend_sb3.imitation import Batch
from genelab_backend_sb3.vec_env import Sb3VecEnv


@pytest.fixture
def demos(tmp_path):
    return record_demonstrations(tmp_path / "demos.npz")


def imitator(path: Any, *, imitation: dict[str, Any] | None = None, **fields: Any) -> Sb3AgentCfg:
    cfg = Sb3ImitationCfg(**{"batch_share": 0.5, "updates_before": 3, **(imitation or {})})
    return her_agent(demo_path=str(path), imitation=cfg, **fields)


def prepared(agent: Sb3AgentCfg) -> Any:
    """Return the algorithm as it is when a run begins."""
    env = GoalEnv()
    algorithm = build_algorithm(agent, Sb3VecEnv(env, agent))
    assert agent.demo_path is not None
    take_in(algorithm, agent, read_demonstrations(agent.demo_path, agent, 8), env.observation_layout)
    return algorithm


def full_batch(algorithm: Any) -> Batch:
    sample = algorithm.demonstrations.sample(64)
    return Batch(sample.observations, sample.actions, sample.next_observations, sample.rewards, sample.dones)


@pytest.mark.parametrize("steps", [200, 232])  # between episodes, and within one
@pytest.mark.parametrize("ent_coef", [0.05, "auto"])
def test_a_continued_imitation_equals_a_straight_one_bitwise(tmp_path, demos, steps, ent_coef):
    straight, parts = tmp_path / "straight", tmp_path / "parts"
    straight.mkdir()
    parts.mkdir()
    agent = imitator(demos, save_interval=steps, extra_kwargs={"ent_coef": ent_coef, "gradient_steps": 2})
    train(straight, 2 * steps, agent=agent, env=GoalEnv())
    train(parts, steps, agent=agent, env=GoalEnv())
    np.random.rand(5)
    torch.rand(5)
    checkpoint = parts / f"model_{steps}_steps.zip"
    train(parts, 2 * steps, agent=agent, env=GoalEnv(), resume=checkpoint)
    assert bit_differences(everything(straight, 2 * steps), everything(parts, 2 * steps)) == []
    shown = everything(parts, 2 * steps)["state"]["demonstrations"]
    assert shown["actions"].shape == (12, 8, 2) and shown["actions"].abs().max() > 0.1


def test_demonstrations_stay_out_of_the_replay_buffer_and_keep_their_goals(demos):
    algorithm = prepared(imitator(demos))
    assert algorithm.replay_buffer.size() == 0
    with np.load(demos) as file:
        goals, rewards = file["obs_desired_goal"].reshape(-1, 2), file["rewards"].reshape(-1)
    sample = algorithm.demonstrations.sample(200)
    drawn = sample.observations["desired_goal"].numpy()
    assert (np.abs(drawn[:, None] - goals[None]).sum(2).min(1) == 0.0).all()
    assert sample.rewards.mean().item() == pytest.approx(rewards.mean(), abs=0.15)


def test_a_single_episode_without_its_end_can_be_imitated(tmp_path, demos):
    with np.load(demos) as file:
        short = {name: array[:5] for name, array in file.items()}
    path = tmp_path / "short.npz"
    np.savez(path, **short)  # pyright: ignore[reportArgumentType]
    drawn = prepared(imitator(path)).demonstrations.sample(300).observations["observation"]
    assert len(drawn.unique(dim=0)) == 5 * 8


@pytest.mark.parametrize(("share", "shown"), [(0.5, 12), (0.25, 6), (0.01, 1)])
def test_each_mini_batch_has_its_share_of_demonstrations(demos, share, shown, monkeypatch):
    algorithm = prepared(imitator(demos, imitation={"batch_share": share}))
    counts: dict[str, list[int]] = {"own": [], "shown": []}
    sample = algorithm.demonstrations.sample

    def counting(name):
        return lambda count: (counts[name].append(count), sample(count))[1]

    monkeypatch.setattr(algorithm.replay_buffer, "sample", counting("own"))
    monkeypatch.setattr(algorithm.demonstrations, "sample", counting("shown"))
    algorithm.train(2, 24)
    assert counts == {"own": [24 - shown] * 2, "shown": [shown] * 2}


def test_updates_before_acting_bring_the_actor_to_the_demonstrated_actions(demos):
    def distance(updates: int) -> float:
        agent = imitator(
            demos,
            learning_rate=3e-3,
            imitation={"updates_before": updates, "cloning_weight": 5.0},
            policy=Sb3PolicyCfg(net_arch=(64, 64), obs_normalization=True, critic_layer_norm=True),
            extra_kwargs={"ent_coef": 0.01},
        )
        algorithm = prepared(agent)
        batch = full_batch(algorithm)
        with torch.no_grad():
            own = algorithm.actor(batch.observations, deterministic=True)
        return float((own - batch.actions).square().sum(dim=1).mean())

    assert distance(0) > 0.3
    assert distance(300) < 0.05


class TestTheActorIsPulled:
    """By demonstrations alone: the critic says that all actions are equal, or that the demonstrated one is worse."""

    def losses(self, demos, monkeypatch, preference: float, **imitation: Any) -> dict[str, float]:
        algorithm = prepared(imitator(demos, imitation={"cloning_weight": 10.0, **imitation}))
        batch = full_batch(algorithm)

        def critic(observations, actions):
            """Value `preference` for exactly the demonstrated actions, else 0."""
            shown = batch.actions[-len(actions) :]
            value = preference * (actions == shown).all(dim=1, keepdim=True).float() + 0.0 * actions[:, :1]
            return value, value

        monkeypatch.setattr(algorithm.critic, "forward", critic)
        losses = algorithm._update_actor(batch, 32)
        return {name: float(value) for name, value in losses.items()}

    def test_where_the_critic_prefers_them(self, demos, monkeypatch):
        losses = self.losses(demos, monkeypatch, 1.0)
        assert losses["cloned_share"] == 1.0 and losses["cloning_loss"] > 0.1

    def test_not_where_it_prefers_the_actors_own(self, demos, monkeypatch):
        losses = self.losses(demos, monkeypatch, -1.0)
        assert losses["cloned_share"] == losses["cloning_loss"] == 0.0

    def test_everywhere_without_the_filter(self, demos, monkeypatch):
        losses = self.losses(demos, monkeypatch, -1.0, q_filter=False)
        assert losses["cloned_share"] == 1.0 and losses["cloning_loss"] > 0.1


def test_the_critic_learns_what_the_transition_gave_and_what_may_follow(demos, monkeypatch):
    algorithm = prepared(imitator(demos, extra_kwargs={"ent_coef": 0.3}, discount_factor=0.9))
    monkeypatch.setattr(algorithm.critic_target, "forward", lambda _, actions: (torch.full((64, 1), 7.0),) * 2)
    batch = full_batch(algorithm)._replace(dones=torch.arange(64)[:, None].remainder(2).float())
    torch.manual_seed(3)
    with torch.no_grad():
        _, log_prob = algorithm.actor.action_log_prob(batch.successors)
        targets = batch.rewards + 0.9 * (1.0 - batch.dones) * (7.0 - 0.3 * log_prob[:, None])
        errors = [(value - targets).square().mean() for value in algorithm.critic(batch.observations, batch.actions)]
    torch.manual_seed(3)
    torch.testing.assert_close(algorithm._update_critic(batch), sum(errors) / 2.0)


@pytest.mark.parametrize(("interval", "updates"), [(1, 4), (2, 2)])
def test_the_target_follows_the_critic_as_often_as_in_the_library(demos, monkeypatch, interval, updates):
    options = {"ent_coef": 0.1, "target_update_interval": interval}
    algorithm = prepared(imitator(demos, tau=1.0, extra_kwargs=options))
    algorithm.replay_buffer = algorithm.demonstrations
    counted: list[int] = []
    update = algorithm._update_target
    monkeypatch.setattr(algorithm, "_update_target", lambda: (counted.append(1), update()))
    algorithm.train(1, 24)
    weights, followed = algorithm.critic.qf0[0].weight, algorithm.critic_target.qf0[0].weight
    assert torch.equal(weights, followed)
    counted.clear()
    algorithm.train(4, 24)
    assert len(counted) == updates


@pytest.mark.parametrize(("target", "sign"), [(-20.0, -1), (20.0, 1)])
def test_a_learnt_entropy_weight_goes_where_the_target_entropy_is(demos, target, sign):
    algorithm = prepared(imitator(demos, extra_kwargs={"ent_coef": "auto_0.1", "target_entropy": target}))
    algorithm.replay_buffer = algorithm.demonstrations
    before = algorithm.log_ent_coef.item()
    algorithm.train(3, 24)
    assert sign * (algorithm.log_ent_coef.item() - before) > 0.0


def test_imitation_solves_the_task_sooner_than_relabelling_alone(tmp_path, demos):
    def success(log_dir, **imitation: Any) -> float:
        log_dir.mkdir()
        agent = imitator(
            demos,
            save_interval=10**6,
            learning_rate=3e-3,
            batch_size=64,
            discount_factor=0.8,
            tau=0.05,
            policy=Sb3PolicyCfg(net_arch=(64, 64), obs_normalization=True, critic_layer_norm=True),
            extra_kwargs={"ent_coef": 0.02},
            imitation={"cloning_weight": 2.0, **imitation},
        )
        checkpoint = train(log_dir, 8 * 40, agent=agent, env=GoalEnv()).checkpoint
        env = GoalEnv(256, seed=1)
        policy = ActorPolicy(Sb3Backend().load(checkpoint, agent, env), env.observation_layout)
        observations, _ = env.reset()
        for _ in range(8):
            observations, _, _, _, extras = env.step(policy(observations))
        return float(extras["is_success"].float().mean())

    assert success(tmp_path / "imitating", updates_before=200) > success(tmp_path / "not", batch_share=0.0) + 0.2


@pytest.mark.parametrize("algorithm", ["SAC", "TD3", "DDPG"])
def test_a_critic_with_layer_norm_does_not_see_how_large_its_features_are(algorithm):
    agent = her_agent(algorithm, policy=Sb3PolicyCfg(net_arch=(16, 16), critic_layer_norm=True))
    model = build_algorithm(agent, Sb3VecEnv(GoalEnv(), agent))
    observations = {
        name: torch.randn(4, dim) for name, dim in (("observation", 3), ("achieved_goal", 2), ("desired_goal", 2))
    }
    actions = torch.rand(4, 2)
    first = model.critic.qf0[0]
    before = model.critic(observations, actions)[0]
    with torch.no_grad():
        first.weight.mul_(7.0)
        first.bias.mul_(7.0)
    torch.testing.assert_close(model.critic(observations, actions)[0], before, atol=1e-3, rtol=1e-3)
    assert not any("LayerNorm" in type(module).__name__ for module in model.actor.modules())


def test_only_sac_imitates(demos):
    with pytest.raises(UsageError, match=r"TD3 keeps demonstrations among its own[\s\S]*--agent.algorithm SAC"):
        Sb3Backend().validate(imitator(demos, algorithm="TD3"), 8, GoalEnv().cfg)


def test_without_demonstrations_the_agent_is_plain(tmp_path, monkeypatch):
    monkeypatch.delenv("GENELAB_SB3_DEMO_PATH", raising=False)
    plain, idle = tmp_path / "plain", tmp_path / "idle"
    plain.mkdir()
    idle.mkdir()
    train(plain, 240, agent=her_agent(), env=GoalEnv())
    agent = her_agent(imitation=Sb3ImitationCfg(batch_share=0.5, updates_before=5))
    train(idle, 240, agent=agent, env=GoalEnv())
    assert bit_differences(everything(plain, 240), everything(idle, 240)) == []


def test_a_run_that_took_its_file_from_the_environment_goes_on_without(tmp_path, demos, monkeypatch):
    straight, parts = tmp_path / "straight", tmp_path / "parts"
    straight.mkdir()
    parts.mkdir()
    agent = her_agent(imitation=Sb3ImitationCfg(batch_share=0.5), save_interval=200)
    monkeypatch.setenv("GENELAB_SB3_DEMO_PATH", str(demos))
    train(straight, 400, agent=agent, env=GoalEnv())
    train(parts, 200, agent=agent, env=GoalEnv())
    monkeypatch.delenv("GENELAB_SB3_DEMO_PATH")
    train(parts, 400, agent=agent, env=GoalEnv(), resume=parts / "model_200_steps.zip")
    assert bit_differences(everything(straight, 400), everything(parts, 400)) == []


def test_a_model_file_holds_no_demonstrations(tmp_path, demos):
    checkpoint = train(tmp_path, 200, agent=imitator(demos), env=GoalEnv()).checkpoint
    with zipfile.ZipFile(checkpoint) as file:
        assert not {"imitation", "demonstrations"} & json.loads(file.read("data")).keys()


def test_a_run_that_imitates_does_not_go_on_as_one_that_does_not(tmp_path, demos):
    train(tmp_path, 200, agent=imitator(demos, save_interval=200), env=GoalEnv())
    agent = imitator(demos, imitation={"batch_share": 0.0})
    with pytest.raises(UsageError, match="imitates demonstrations, but this agent does not"):
        train(tmp_path, 400, agent=agent, env=GoalEnv(), resume=tmp_path / "model_200_steps.zip")
