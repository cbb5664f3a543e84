"""Run a policy, or a scene that needs none, to look at it."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from genelab.runs.extensions import Extensions, Loop, default_extensions
from genelab.runs.source import PolicySource
from genelab.runs.steering import Steer, drawn, follow_keys, follow_script, read_script
from genelab.sim.viewer import ViewerClosed, require_display
from genelab.utils.files import check_output
from genelab.utils.lazy import torch

if TYPE_CHECKING:
    from genelab.config.simulation import SimulationCfg
    from genelab.envs.vec_env import VecEnv
    from genelab.rl.policy import Policy


@dataclass
class PlaySummary:
    """What was seen.

    Attributes:
        steps: Control steps.
        ended: `"limit"` or `"viewer closed"`.
        episodes: Episodes that ended, over all envs.
        return_mean: Their mean return; `None` if none ended.
        length_mean: Their mean length, control steps.
        video: The film, if one was asked for.
        command: The script of commands, if one was given.
    """

    steps: int = 0
    ended: str = "limit"
    episodes: int = 0
    return_mean: float | None = None
    length_mean: float | None = None
    video: str | None = None
    command: str | None = None


def play(
    source: PolicySource,
    *,
    max_steps: int | None = None,
    video: Path | None = None,
    force: bool = False,
    command: str | None = None,
    whole_command: bool = False,
    extensions: Extensions | None = None,
) -> PlaySummary:
    """Run `source` in its task's `play_env`.

    Args:
        source: What acts; a scene without rewards plays itself.
        max_steps: Hard limit, see `step_limit`.
        video: An .mp4 file to film the first env into.
        force: Replace that file if it exists.
        command: Commands instead of those that the task draws, a `genelab.managers.command_script.CommandScript`. It
            holds in the time of the whole run, whatever happens to episodes. Without it, keys of a viewer steer a
            velocity command.
        whole_command: Let a headless run be as long as `command`, if that ends, and not `simulation.steps`.
        extensions: What plugins add; `None` for what they add without being asked.

    Raises:
        GenelabError: if the config wants a viewer and there is no display.
        UsageError: for a film that exists already or is not named `.mp4`, or a `command` that is none, before the
            simulator starts.
    """
    cfg = source.loaded.cfg.play_env
    assert cfg is not None
    if cfg.simulation.vis:
        require_display()
    if video is not None:
        from genelab.eval.video import check_video_path

        check_output(check_video_path(video), force=force, option="--video")
    extensions = extensions or default_extensions("play")
    limit = step_limit(cfg.simulation, max_steps)
    if command is not None:
        duration = read_script(command, cfg).duration
        if whole_command and max_steps is None and not cfg.simulation.vis and math.isfinite(duration):
            limit = max(1, math.ceil(round(duration / cfg.step_dt, 6)))

    from genelab.envs.make import make_env

    with ExitStack() as stack:
        env = make_env(cfg, render_envs=0 if video is None else 1)
        stack.callback(env.close)
        on_frame: Callable[[], None] = _nothing
        if video is not None:
            from genelab.eval.video import VideoWriter

            writer = stack.enter_context(VideoWriter(video, fps=1.0 / env.step_dt))

            def on_frame() -> None:
                writer.write(env.render())

        def on_step(step: int) -> None:
            extensions.after_step(step, step * env.num_envs, {})

        loop = Loop("play", source.loaded.spec.id, env, Path("logs"), _say)
        if source.loaded.spec.kind != "playback":
            loop.policy = source.policy(env, seed=cfg.seed)
        stack.enter_context(extensions.around(loop))
        if loop.policy is None:
            summary = play_scene(env, limit, on_frame, on_step)
        else:
            steer: Steer = drawn
            if command is not None:
                steer = follow_script(env.unwrapped, command)
            elif cfg.simulation.vis:
                steer = follow_keys(env.unwrapped, _say)
            summary = play_policy(env, loop.policy, limit, on_frame, on_step, steer)
    summary.video, summary.command = None if video is None else str(video), command
    return summary


def _nothing(*_: object) -> None:
    """Film nothing, count nothing."""


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def step_limit(simulation: SimulationCfg, max_steps: int | None) -> int | None:
    """Return after how many control steps playing ends; `None` for not before the viewer is closed.

    `max_steps` always wins. Without it, a viewer stays until it is closed and a headless run ends after
    `simulation.steps`.
    """
    if max_steps is not None:
        return max_steps
    return None if simulation.vis else simulation.steps


def play_policy(
    env: VecEnv,
    policy: Policy,
    limit: int | None,
    on_frame: Callable[[], None] = _nothing,
    on_step: Callable[[int], None] = _nothing,
    steer: Steer = drawn,
) -> PlaySummary:
    """Let `policy` act in `env` for `limit` control steps, or until the viewer is closed.

    Args:
        env: The environment; observations are switched to raw ones.
        policy: What acts.
        limit: See `step_limit`.
        on_frame: Called after the reset and after each step.
        on_step: Called with the number of steps when one is over, film and statistics included.
        steer: Sets the commands.
    """
    env.raw_observations = True
    steer(0)
    observations, _ = env.reset()
    policy.reset()
    on_frame()
    episode_return = torch.zeros(env.num_envs, device=env.device)
    length = torch.zeros(env.num_envs, device=env.device)
    returns, lengths = [], []
    summary = PlaySummary()
    try:
        while limit is None or summary.steps < limit:
            steer(summary.steps + 1)
            observations, reward, terminated, truncated, _ = env.step(policy(observations))
            summary.steps += 1
            on_frame()
            done = terminated | truncated
            policy.reset(done)
            episode_return += reward
            length += 1
            returns += episode_return[done].tolist()
            lengths += length[done].tolist()
            episode_return[done] = 0.0
            length[done] = 0.0
            on_step(summary.steps)
    except ViewerClosed:
        summary.ended = "viewer closed"
    if returns:
        summary.episodes = len(returns)
        summary.return_mean, summary.length_mean = sum(returns) / len(returns), sum(lengths) / len(lengths)
    return summary


def play_scene(
    env: VecEnv,
    limit: int | None,
    on_frame: Callable[[], None] = _nothing,
    on_step: Callable[[int], None] = _nothing,
) -> PlaySummary:
    """Step a `ManagerBasedEnv` without rewards, its actuators at rest, as `play_policy` does."""
    env.reset()
    on_frame()
    still = torch.zeros(env.num_envs, env.action_dim, device=env.device)
    summary = PlaySummary()
    try:
        while limit is None or summary.steps < limit:
            env.step(still)
            summary.steps += 1
            on_frame()
            on_step(summary.steps)
    except ViewerClosed:
        summary.ended = "viewer closed"
    return summary
