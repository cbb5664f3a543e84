"""Every algorithm of every backend, in both formats: the file acts as the live policy and scores the same."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from genelab.config.overrides import apply_override
from genelab.eval.protocol import evaluate_policy
from genelab.export.policy import ExportedPolicy
from genelab.export.writing import export_policy
from genelab.plugins.catalog import get_catalog
from genelab.rl.backends.base import TrainContext
from genelab.rl.policy import ActorPolicy
from genelab.testing import FakeVecEnv

OFF_POLICY = ("SAC", "TD3", "DDPG")
SMALL = {
    "rsl_rl": {"num_steps_per_env": "6", "algorithm.num_mini_batches": "2"},
    "skrl": {"rollouts": "6", "mini_batches": "2", "learning_starts": "4", "batch_size": "16", "replay_size": "200"},
    "sb3": {"n_steps": "6", "batch_size": "16", "learning_starts": "32", "buffer_size": "2000"},
}
ROLLOUTS = {"rsl_rl": 2, "skrl": 12, "sb3": 96}
CASES = [
    *(("rsl_rl", rnn) for rnn in ("none", "lstm", "gru")),
    *((backend, algorithm) for backend in ("skrl", "sb3") for algorithm in ("PPO", "A2C", *OFF_POLICY)),
]


def make_env(num_envs: int = 8) -> FakeVecEnv:
    return FakeVecEnv(num_envs, max_episode_length=10, failure_steps=(3, 9), success_probability=0.7)


def trained(folder: Path, backend: str, kind: str):
    """Return a small actor of this algorithm (rsl_rl: PPO with this memory) after a little training."""
    catalog, env = get_catalog(), make_env()
    spec = catalog.backend(backend)
    made = catalog.load(spec, spec.backend)()
    agent = made.default_config(env.cfg)
    for name, text in SMALL[backend].items():
        apply_override(agent, name, text)
    for name in ("actor.rnn_type", "critic.rnn_type") if backend == "rsl_rl" else ("algorithm",):
        apply_override(agent, name, kind)
    result = made.train(TrainContext("Fake-v0", env, agent, folder, ROLLOUTS[backend]))
    return made.load(result.checkpoint, agent, env)


@pytest.mark.parametrize(("backend", "kind"), CASES)
def test_a_file_acts_and_scores_as_the_live_policy(tmp_path, backend, kind):
    setup, catalog = trained(tmp_path, backend, kind), get_catalog()
    live = evaluate_policy(make_env(), ActorPolicy(setup, make_env().observation_layout), episodes=20, seed=0)
    assert len({row["return"] for row in live.rows}) > 10
    for format in ("torchscript", "onnx"):
        spec = catalog.exporter(format)
        path = tmp_path / f"policy{spec.suffix}"
        exporter = catalog.load(spec, spec.exporter)()
        export_policy(setup, make_env(), path, task="Fake-v0", exporter=exporter, format=format)
        for batch in (1, 64):
            env = make_env(batch)
            env.raw_observations = True
            observations, _ = env.reset(seed=3)
            expected = ActorPolicy(setup, env.observation_layout)(observations)
            torch.testing.assert_close(ExportedPolicy(path)(observations), expected, rtol=0, atol=1e-5)
        scored = evaluate_policy(make_env(), ExportedPolicy(path), episodes=20, seed=0)
        returns = [[row["return"] for row in result.rows] for result in (live, scored)]
        assert returns[1] == pytest.approx(returns[0], rel=1e-4)
