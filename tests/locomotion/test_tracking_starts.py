"""Adaptive starts: failures draw starts to where they happen and just before, and nothing else does."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from genelab.utils.errors import UsageError
from genelab_tasks_locomotion.motion.clip import MotionClip
from genelab_tasks_locomotion.tracking.starts import AdaptiveStarts, AdaptiveStartsCfg

BIN_S = 0.25


def env(num_envs: int = 4, total: int = 4) -> Any:
    rows = SimpleNamespace(total=total)
    return SimpleNamespace(num_envs=num_envs, device=torch.device("cpu"), random=SimpleNamespace(rows=rows))


def starts(clip: MotionClip, **changes: Any) -> AdaptiveStarts:
    adaptive = AdaptiveStartsCfg(bin_s=BIN_S, uniform_share=0.2, memory=0.5, reach=1)
    return AdaptiveStarts(adaptive, clip, env(**changes))


def test_without_failures_every_bin_is_as_likely(clip: MotionClip) -> None:
    probabilities = starts(clip).probabilities
    assert torch.allclose(probabilities, torch.full_like(probabilities, 1.0 / len(probabilities)))


def test_failures_raise_their_bin_and_half_as_much_the_one_before(clip: MotionClip) -> None:
    made = starts(clip)
    everyone = torch.tensor([True, True, True, False])
    made.note(torch.tensor([40, 41, 42, 90]), everyone)  # bins of 12 frames: the fourth, three times
    floor = 0.2 / len(made.levels)
    expected = torch.full_like(made.levels, floor)
    expected[3] += 0.8 * 2 / 3
    expected[2] += 0.8 * 1 / 3
    assert torch.allclose(made.probabilities, expected)
    before = made.levels[3].clone()
    made.note(torch.zeros(4, dtype=torch.long), ~everyone & False)
    assert made.levels[3] == 0.5 * before


def test_starts_are_drawn_as_often_as_their_bins_are_likely(clip: MotionClip) -> None:
    made = starts(clip)
    made.note(torch.tensor([40] * 4), torch.ones(4, dtype=torch.bool))
    share = torch.rand(20_000, 2, generator=torch.Generator().manual_seed(0))
    frames = made.draw(share)
    assert frames.min() >= 0 and frames.max() <= clip.num_frames - 2
    found = torch.bincount((frames // 12).clamp(max=len(made.levels) - 1), minlength=len(made.levels)) / len(share)
    assert torch.allclose(found, made.probabilities, atol=0.02)


def test_several_processes_cannot_share_failures(clip: MotionClip) -> None:
    with pytest.raises(UsageError, match=r"one process(.|\n)*shards 1"):
        starts(clip, num_envs=4, total=8)
