"""The motion command on the robot: frames, starts, rewards, ends, and clips that do not fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tensordict import TensorDict

from genelab.utils.errors import GenelabError, UsageError
from genelab.utils.rotations import about_z, multiply
from genelab_tasks_locomotion.motion.clip import MotionClip
from genelab_tasks_locomotion.motion.clip_file import read_clip, write_clip
from genelab_tasks_locomotion.motion.shipped import find_file
from genelab_tasks_locomotion.tracking.agents.symmetry import mirror_g1
from genelab_tasks_locomotion.tracking.g1 import ANCHOR, COMMAND
from genelab_tasks_locomotion.tracking.motion_command import MotionCommand
from genelab_tasks_locomotion.tracking.playback import ClipPlaybackCfg

pytestmark = pytest.mark.genesis

EVERYONE = torch.ones(8, dtype=torch.bool)
STILL = torch.zeros(8, 29)


@pytest.fixture
def env(g1_tracking: Any) -> Any:
    """The environment at the start of the clip, without errors at the start."""
    command = g1_tracking.command_manager.terms[COMMAND]
    kept = command.cfg
    command.cfg = exact(kept)
    g1_tracking.reset(seed=0, options={"evaluation": True})
    yield g1_tracking
    command.cfg = kept


def exact(cfg: Any, **changes: Any) -> Any:
    return replace(cfg, pose={}, velocity={}, joint_position=(0.0, 0.0), **changes)


def motion(env: Any) -> MotionCommand:
    return env.command_manager.terms[COMMAND]


def values(env: Any) -> dict[str, torch.Tensor]:
    env.reward_manager.compute()
    pairs = zip(env.reward_manager.active_terms, env.reward_manager.values / env.step_dt, strict=True)
    return dict(pairs)


def put(env: Any, turn: float = 0.0, shift: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> None:
    """Put all robots into their command's frame, then turn them about the world's z axis and shift them."""
    now, robot = motion(env).now, env.scene["robot"]
    heading = about_z(torch.full((8,), turn))
    pos = now.body_pos[:, 0] + torch.tensor(shift)
    robot.write_root(pos, multiply(heading, now.body_quat[:, 0]), EVERYONE)
    robot.write_joints(now.joint_pos, now.joint_vel, EVERYONE)


def test_observations_have_the_documented_widths(env: Any) -> None:
    observations = env.get_observations()
    assert observations["policy"].shape == (8, 160) and observations["critic"].shape == (8, 286)
    assert env.single_action_space.shape == (29,)


def test_an_episode_starts_in_a_frame_and_asks_for_the_next(env: Any) -> None:
    clip = read_clip(find_file("squat_and_reach", ".npz"), joint_names=env.scene["robot"].joint_names)
    frame = motion(env).frame
    assert frame.tolist() == [1, 126, 251, 376] * 2
    assert np.allclose(env.scene["robot"].joint_pos, clip.joint_pos[frame - 1], atol=1e-5)
    assert np.allclose(motion(env).command[:, :29], clip.joint_pos[frame], atol=1e-5)
    anchor = clip.body_names.index(ANCHOR)
    assert np.allclose(motion(env).command[:, 58:61], clip.body_pos[frame, anchor], atol=1e-5)
    env.step(STILL)
    assert (motion(env).frame == frame + 1).all()


def test_the_reference_itself_earns_the_ceiling(env: Any) -> None:
    put(env)
    found = values(env)
    for name, weight in (("anchor_position", 0.5), ("anchor_orientation", 0.5), ("body_position", 1.0)):
        assert torch.allclose(found[name], torch.tensor(weight), atol=1e-3), name
    assert torch.allclose(found["body_orientation"], torch.tensor(1.0), atol=1e-3)


def test_links_are_compared_beside_the_robot_and_the_anchor_in_the_world(env: Any) -> None:
    put(env, turn=0.5, shift=(1.0, -2.0, 0.0))
    found = values(env)
    assert (found["body_position"] > 0.999).all() and (found["body_orientation"] > 0.999).all()
    assert (found["anchor_position"] < 1e-3).all()
    assert torch.allclose(found["anchor_orientation"], 0.5 * torch.exp(torch.tensor(-(0.5**2) / 0.4**2)), atol=1e-3)
    assert not any(ended.any() for ended in ends(env).values())


def test_a_robot_too_low_ends_by_its_anchor_alone(env: Any) -> None:
    put(env, shift=(0.0, 0.0, -0.26))
    found = ends(env)
    assert found["anchor_height"].all() and found["end_effectors"].all() and not found["anchor_tilt"].any()


def ends(env: Any) -> dict[str, torch.Tensor]:
    env.termination_manager.compute()
    return env.termination_manager.by_name()


def test_actions_count_from_the_reference(env: Any) -> None:
    asked = motion(env).now.joint_pos.clone()
    robot = env.scene["robot"]
    action = torch.zeros(8, 29)
    action[:, 3] = 1.0
    env.action_manager.process(action)
    assert torch.allclose(robot.target - asked, action * robot.action_scale, atol=1e-6)


def test_the_clips_end_is_success_and_begins_anew(env: Any) -> None:
    term = motion(env)
    term._go_to(torch.full_like(term.frame, term.num_frames - 2))
    put(env)
    _, _, terminated, truncated, extras = env.step(STILL)
    assert not terminated.any() and not truncated.any()
    put(env)
    _, _, terminated, truncated, extras = env.step(STILL)
    assert truncated.all() and not terminated.any() and extras["is_success"].all()
    assert (term.frame <= 376).all()


def test_in_training_robots_go_on_elsewhere_in_the_clip(env: Any) -> None:
    term = motion(env)
    term.cfg = exact(term.cfg, at_end="resample", start="uniform", stratum=None)
    term._go_to(torch.full_like(term.frame, term.num_frames - 1))
    term._placed_at.fill_(-1)
    before = term.frame.clone()
    term.compute(env.step_dt)
    assert (term.frame != before).all() and len(set(term.frame.tolist())) > 1
    assert torch.allclose(env.scene["robot"].joint_pos, term._motion.at(term.frame - 1).joint_pos, atol=1e-5)


def test_a_saved_command_goes_on_where_it_was(env: Any) -> None:
    env.step(STILL)
    state = motion(env).state_dict()
    frame = motion(env).frame.clone()
    env.step(STILL)
    motion(env).load_state_dict(state)
    assert torch.equal(motion(env).frame, frame)


def test_two_mirrors_show_the_original(env: Any) -> None:
    observations, *_ = env.step(0.3 * torch.randn(8, 29, generator=torch.Generator().manual_seed(0)))
    actions = torch.randn(8, 29)
    once, mirrored_actions = mirror_g1(env, TensorDict(observations, batch_size=[8]), actions)
    assert once is not None and mirrored_actions is not None
    twice, back = mirror_g1(env, once[8:], mirrored_actions[8:])
    assert twice is not None and back is not None
    assert torch.equal(back[8:], actions)
    for name, group in observations.items():
        assert torch.equal(twice[name][8:], group)
        assert not torch.equal(once[name][8:], group)


def test_samples_of_a_sharded_environment_are_mirrored_without_its_managers(env: Any) -> None:
    class Sharded:
        cfg, observation_layout, describe_actuation = env.cfg, env.observation_layout, env.describe_actuation

        @property
        def unwrapped(self) -> Sharded:
            return self

    groups = env.get_observations()
    observations = TensorDict(groups, batch_size=[8])
    mirrored, _ = mirror_g1(Sharded(), observations, None)
    expected, _ = mirror_g1(env, observations, None)
    assert mirrored is not None and expected is not None
    assert all(torch.equal(mirrored[name], expected[name]) for name in groups)


def test_a_mirrored_clip_is_the_mirror_image_of_what_is_observed(env: Any) -> None:
    """A robot in its reference's frame sees in the mirror what it sees in the mirrored frame: the clip is symmetric."""
    put(env)
    observations = env.observation_manager.compute()
    mirrored, _ = mirror_g1(env, TensorDict(observations, batch_size=[8]), None)
    assert mirrored is not None
    symmetric = [i for i, frame in enumerate(motion(env).frame.tolist()) if frame in (1, 126)]
    for name, group in observations.items():
        assert torch.allclose(mirrored[name][8:][symmetric], group[symmetric], atol=2e-2), name


def test_playback_puts_the_robot_into_one_frame_after_the_other_and_begins_again(env: Any) -> None:
    clip = read_clip(find_file("walk_turn_back", ".npz"), joint_names=env.scene["robot"].joint_names)
    term = ClipPlaybackCfg(clip="walk_turn_back").build(env)
    term.reset(EVERYONE)
    robot = env.scene["robot"]
    for frame in (1, 2, clip.num_frames - 1, 0, 1):
        env.episode_length_buf.fill_(frame - 1 if frame else clip.num_frames - 1)
        term.apply(torch.zeros(8, 0))
        assert np.allclose(robot.joint_pos, clip.joint_pos[frame], atol=1e-5)
        assert np.allclose(robot.root_pos, clip.body_pos[frame, 0], atol=1e-5)
        assert torch.equal(robot.target, robot.joint_pos)


@pytest.fixture
def build(env: Any, tmp_path: Path) -> Any:
    """Return a function that makes the command of a changed clip."""
    shipped = read_clip(find_file("squat_and_reach", ".npz"))

    def make(clip: MotionClip | None = None, at_end: str = "finish", **changes: Any) -> MotionCommand:
        write_clip(tmp_path / "clip.npz", clip or replace(shipped, **changes))
        cfg = exact(motion(env).cfg, at_end=at_end)
        return MotionCommand(replace(cfg, clip=str(tmp_path / "clip.npz")), env)

    return make, shipped


def test_a_clip_that_fits_is_taken(build: Any) -> None:
    make, _ = build
    assert make().num_frames == 501


def test_a_clip_of_another_rate_is_refused_with_the_command_that_mends_it(build: Any) -> None:
    make, _ = build
    with pytest.raises(UsageError, match=r"30 frames per second, wanted are 50(.|\n)*--to-fps 50"):
        make(fps=30.0)


def test_a_clip_shorter_than_an_episode_of_training_is_refused(build: Any) -> None:
    make, shipped = build
    short = {
        name: getattr(shipped, name)[:101]
        for name in ("joint_pos", "joint_vel", "body_pos", "body_quat", "body_lin_vel", "body_ang_vel", "foot_planted")
    }
    with pytest.raises(UsageError, match=r"the clip lasts 2 s, an episode 3600 s(.|\n)*--env.episode_length_s 2"):
        make(at_end="resample", **short)
    assert make(**short).num_frames == 101  # an evaluation ends with the clip


def test_a_clip_of_other_joints_names_the_nearest(build: Any) -> None:
    make, shipped = build
    with pytest.raises(UsageError, match=r"no joint 'left_knee_joint'(.|\n)*left_nee_joint"):
        make(joint_names=tuple(name.replace("left_knee", "left_nee") for name in shipped.joint_names))


@pytest.mark.parametrize(
    ("array", "value", "words"), [("joint_pos", np.nan, "is nan in frame 7, column 0"), ("body_quat", 3.0, "length")]
)
def test_a_clip_with_a_bad_number_is_refused(build: Any, array: str, value: float, words: str) -> None:
    make, shipped = build
    bad = getattr(shipped, array).copy()
    bad[7, 0] = value
    with pytest.raises(GenelabError, match=words):
        make(**{array: bad})


def test_a_motion_cannot_be_commanded_by_numbers(env: Any) -> None:
    with pytest.raises(UsageError, match="frame by frame"):
        motion(env).load_command(torch.zeros(8, 65))
