from __future__ import annotations

from rslrl_runs import small_agent, small_env, train
import torch


def test_training_writes_a_checkpoint_at_each_interval_and_a_final_one(tmp_path):
    result = train(tmp_path, 12)
    models = sorted(path.name for path in tmp_path.glob("model_*.pt") if "state" not in path.name)
    assert models == ["model_10.pt", "model_12.pt", "model_5.pt", "model_final.pt"]
    assert result.checkpoint == tmp_path / "model_12.pt"
    assert (result.iteration, result.env_steps, result.stopped) == (12, 12 * 6 * 8, False)
