"""Make an environment from a config or a task's id."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

from genelab.config.env import ManagerBasedEnvCfg, ManagerBasedRlEnvCfg
from genelab.envs.vec_env import VecEnv
from genelab.plugins.tasks import load_task


def make_env(
    cfg: ManagerBasedEnvCfg | str,
    *,
    num_envs: int | None = None,
    seed: int | None = None,
    render_envs: int = 0,
    dump_dir: Path | None = None,
) -> VecEnv:
    """Build a `ManagerBasedRlEnv`, a `ShardedEnv` with `simulation.shards`, or a `ManagerBasedEnv` without rewards.

    Args:
        cfg: The environment, or a task's id, whose training environment is then built. It is copied.
        num_envs: Number of envs, instead of the config's.
        seed: Base seed, instead of the config's.
        render_envs: Number of envs, from the first, of which `env.render(index)` can take pictures.
        dump_dir: Where the state of the first env that goes non-finite is written (see `NanGuard`).
    """
    if isinstance(cfg, str):
        cfg = load_task(cfg).cfg.env
    cfg = deepcopy(cfg)
    if num_envs is not None:
        cfg.simulation.num_envs = num_envs
    if seed is not None:
        cfg.seed = seed
    if isinstance(cfg, ManagerBasedRlEnvCfg) and cfg.simulation.shards > 1:
        from genelab.envs.sharded_env import ShardedEnv

        return ShardedEnv(cfg, dump_dir=dump_dir)
    if isinstance(cfg, ManagerBasedRlEnvCfg):
        from genelab.envs.manager_based_rl_env import ManagerBasedRlEnv

        return ManagerBasedRlEnv(cfg, render_envs=render_envs, dump_dir=dump_dir)
    from genelab.envs.manager_based_env import ManagerBasedEnv

    return ManagerBasedEnv(cfg, render_envs=render_envs)
