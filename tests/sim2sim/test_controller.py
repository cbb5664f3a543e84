"""What a robot's program does with the metadata: observations in order, delays, targets, and what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from genelab.managers.delay import DelayBuffer
from genelab.managers.random_streams import RandomStreams
from genelab.sim2sim.checks import TermDifferences, description_differences
from genelab.sim2sim.controller import Controller
from genelab.sim2sim.description import read_physics, read_robot, require_deployment, robot_name
from genelab.sim2sim.differences import metric_differences
from genelab.sim2sim.engine import LinkStates
from genelab.sim2sim.film import EpisodeFilm
from genelab.sim2sim.lag import Lag
from genelab.sim2sim.robot_state import RobotState
from genelab.utils.errors import GenelabError, UsageError

ASSET = {"entity": "robot", "joints": ["b", "a"], "links": ["base"]}


def state(joint_pos, last_action=((0.0, 0.0),) * 2, step=(0, 0), **changes) -> RobotState:
    rows = len(joint_pos)
    zeros = np.zeros((rows, 1, 3))
    links = LinkStates(zeros, np.tile([1.0, 0.0, 0.0, 0.0], (rows, 1, 1)), zeros, zeros)
    pos = np.array(joint_pos, dtype=float)
    fields: dict[str, Any] = {
        "joint_names": ("a", "b"),
        "link_names": ("base",),
        "default_joint_pos": np.array([0.5, 0.0]),
        "joint_pos": pos,
        "joint_vel": -pos,
        "links": links,
        "gravity": np.array([0.0, 0.0, -9.81]),
        "ground_height": 0.0,
        "sensors": {},
        "commands": {},
        "last_action": np.array(last_action, dtype=float),
        "step": np.array(step),
        "engine": None,
    }
    return RobotState(**{**fields, **changes})


def resting(*joints) -> RobotState:
    """Two robots whose joints without an action are asked for these positions."""
    return state([(0.0, 0.0)] * 2, default_joint_pos=np.array(joints))


def term(name, kind, **changes):
    params = {"asset": ASSET} if kind != "last_action" else {}
    return {"kind": f"genelab.mdp.observations:{kind}", "params": params, "latency": [0, 0], **changes}


def metadata(*, history=1, delay=(0, 0), latency=(0, 0), **changes):
    terms = [{"name": "pos", "dim": 2, "start": 0}, {"name": "last", "dim": 2, "start": 2}]
    observations = {
        "pos": term("pos", "joint_pos_rel", latency=list(latency)),
        "last": term("last", "last_action"),
        **changes,
    }
    action = {"name": "joints", "type": "JointAction", "entity": "robot", "start": 0, "dim": 2}
    return {
        "obs_groups": {"policy": {"start": 0, "dim": 4 * history, "history_length": history, "terms": terms}},
        "action_dim": 2,
        "actuation": {
            "robots": {"robot": {"joint_names": ["a", "b", "c"]}},
            "action_terms": [{**action, "joint_names": ["c", "a"], "scale": [2.0, 10.0], "offset": [0.1, 0.2]}],
        },
        "deployment": {"observations": {"policy": observations}, "action": {"delay": list(delay)}},
    }


EVERYONE, NOBODY = np.ones(2, dtype=bool), np.zeros(2, dtype=bool)


def test_terms_stand_in_the_order_of_the_metadata_and_joints_in_that_of_their_names():
    controller = Controller(metadata(), 2)
    seen = controller.observe(state([(0.7, 1.0), (0.5, 2.0)]), EVERYONE)["policy"]
    np.testing.assert_allclose(seen, [[1.0, 0.2, 0.0, 0.0], [2.0, 0.0, 0.0, 0.0]])


def test_history_is_oldest_first_and_begins_with_the_first_frame():
    controller = Controller(metadata(history=2), 2)
    controller.observe(state([(0.5, 1.0), (0.5, 1.0)]), EVERYONE)
    seen = controller.observe(state([(0.5, 2.0), (0.5, 2.0)]), np.array([False, True]))["policy"]
    np.testing.assert_allclose(seen[:, [0, 4]], [[1.0, 2.0], [2.0, 2.0]])


def test_targets_follow_scale_and_offset_of_the_named_joints_and_others_rest():
    controller = Controller(metadata(), 2)
    targets = controller.targets(np.array([[1.0, -1.0], [0.0, 0.0]]), resting(9.0, 8.0, 7.0))
    np.testing.assert_allclose(targets, [[-9.8, 8.0, 2.1], [0.2, 8.0, 0.1]])
    np.testing.assert_allclose(controller.last_action, [[1.0, -1.0], [0.0, 0.0]])
    controller.restart(np.array([True, False]))
    np.testing.assert_array_equal(controller.step, [0, 1])
    np.testing.assert_allclose(controller.last_action, 0.0)


def test_actions_around_a_command_count_from_its_first_elements():
    described = metadata()
    described["actuation"]["action_terms"][0]["around"] = "motion"
    asked = {"motion": np.array([[1.0, 2.0, 3.0, 99.0], [4.0, 5.0, 6.0, 99.0]])}
    targets = Controller(described, 2).targets(
        np.array([[1.0, -1.0], [0.0, 0.0]]), state([(0.0, 0.0)] * 2, default_joint_pos=np.zeros(3), commands=asked)
    )
    np.testing.assert_allclose(targets, [[1.0 - 10.0, 0.0, 3.0 + 2.0], [4.0, 0.0, 6.0]])


def test_actions_and_observations_are_held_back_as_the_metadata_says():
    controller = Controller(metadata(delay=(1, 1), latency=(2, 2)), 2)
    controller.restart(EVERYONE)
    rest = resting(0.0, 0.0, 0.0)
    first = controller.targets(np.ones((2, 2)), rest)
    second = controller.targets(np.zeros((2, 2)), rest)
    np.testing.assert_allclose(first[:, 2], 0.1)
    np.testing.assert_allclose(second[:, 2], 2.1)
    seen = [controller.observe(state([(0.5, k), (0.5, k)]), EVERYONE if k == 0 else NOBODY) for k in range(4)]
    np.testing.assert_allclose([frame["policy"][0, 0] for frame in seen], [0.0, 0.0, 0.0, 1.0])


def test_a_lag_is_the_environments_delay():
    ours = Lag((2, 2), 3, 1, np.random.default_rng(0))
    theirs = DelayBuffer("x", (2, 2), 3, 1, RandomStreams(3, "cpu", 0))
    mask = torch.tensor([True, False, True])
    for step in range(8):
        value = torch.full((3, 1), float(step)) + torch.arange(3)[:, None]
        late, expected = ours.push(value.numpy()), theirs.push(value)
        if step == 4:
            ours.restart(mask.numpy(), value.numpy())
            theirs.reset(mask)
            late, expected = ours.read(), theirs.refill(value, mask)
        np.testing.assert_allclose(late, expected.numpy())


def test_every_kind_that_nobody_registered_is_named():
    strange = {"odd": term("odd", "odd_thing"), "heat": {**term("heat", "x"), "kind": "my_pack.terms:heat"}}
    described = metadata(**strange)
    described["obs_groups"]["policy"]["terms"] += [{"name": name, "dim": 1} for name in strange]
    with pytest.raises(UsageError, match=r"odd \(genelab.mdp.observations:odd_thing\), heat \(my_pack.terms:heat\)"):
        Controller(described, 2)


def test_a_kind_of_another_width_than_the_metadatas_is_an_error():
    described = metadata()
    described["obs_groups"]["policy"]["terms"][0]["dim"] = 3
    with pytest.raises(GenelabError, match="'pos' has shape"):
        Controller(described, 2).observe(state([(0.5, 1.0)] * 2), EVERYONE)


def test_action_terms_that_are_not_joint_actions_are_refused():
    described = metadata()
    described["actuation"]["action_terms"][0]["type"] = "DifferentialIk"
    with pytest.raises(UsageError, match=r"'joints' \(DifferentialIk\)"):
        Controller(described, 2)


def test_term_differences_find_the_columns_of_a_term_in_every_frame():
    groups = metadata(history=2)["obs_groups"]
    differences = TermDifferences(groups)
    ours, theirs = np.zeros((2, 8)), np.zeros((2, 8))
    theirs[0, 5] = 0.25
    theirs[1, 2] = 7.0
    differences.note({"policy": ours}, {"policy": theirs}, np.array([True, False]))
    assert differences.largest == {"policy.pos": 0.25, "policy.last": 0.0}


def test_names_that_an_older_file_lacks_or_has_otherwise_are_no_change_of_the_task():
    old, today = {"twist": {"dim": 3}}, {"twist": {"dim": 3, "components": ["vx", "vy", "wz"]}}
    assert description_differences({"commands": old}, {"commands": today}) == []
    moved = "genelab.mdp.velocity_commands:VelocityCommandCfg", "genelab.mdp.velocity_command:VelocityCommandCfg"
    assert description_differences(*({"twist": {"type": name}} for name in moved)) == []
    renamed = {"twist": {"dim": 3, "components": ["a", "b", "c"]}}
    assert len(description_differences({"commands": renamed}, {"commands": today})) == 1


def deployment(**changes):
    physics = {"dt": 0.01, "substeps": 1, "decimation": 2, "gravity": [0, 0, -9.81], "integrator": "Euler"}
    physics |= {"collision": True, "self_collision": False, "joint_limit": True, "constraint_timeconst": 0.02}
    ground = {"height": 0.5, "friction": 0.8, "collision": True}
    physics["surroundings"] = {"ground": ground, "terrain": None}
    robot = {"mjcf_sha256": "0" * 64}
    return {"version": 1, "physics": physics, "robots": {"robot": robot}, "objects": [], "sensors": {}, **changes}


def test_what_only_genesis_has_is_refused_by_name():
    assert read_physics(deployment()).ground_height == 0.5
    rough = deployment()
    rough["physics"]["surroundings"]["terrain"] = {"type": "genelab.config.terrain:TerrainCfg"}
    with pytest.raises(UsageError, match="this task's scene has terrain"):
        read_physics(rough)
    with pytest.raises(UsageError, match="this one has robot, cube"):
        robot_name(deployment(objects=["cube"]))
    with pytest.raises(GenelabError, match="SHA-256 differs"):
        read_robot(deployment(), "<mujoco/>", None)
    with pytest.raises(UsageError, match="version 2; known here is 1"):
        require_deployment({"deployment": deployment(version=2)}, "policy.onnx")
    with pytest.raises(UsageError, match="does not describe the robot's physics"):
        require_deployment({}, "policy.onnx")


def row(value, success, **metrics):
    return {
        "return": value,
        "length": 10,
        "success_at_end": success,
        "success_once": success,
        "metrics": metrics,
        "reward_terms": {"alive": value},
    }


def test_differences_are_paired_by_episode_with_an_interval():
    genesis = [row(1.0, True, error=0.1), row(2.0, True, error=None), row(4.0, False, error=None)]
    other = [row(1.5, True, error=0.2), row(2.5, False, error=0.3), row(None, False, error=None)]
    rows = {made.metric: made for made in metric_differences(genesis, other)}
    assert rows["return"].n == 2
    assert (rows["return"].difference, rows["return"].low, rows["return"].high) == (0.5, 0.5, 0.5)
    low, high = rows["success_at_end"].low, rows["success_at_end"].high
    assert rows["success_at_end"].difference == pytest.approx(-1 / 3) and low < -1 / 3 < high
    assert (rows["error"].n, rows["error"].low) == (1, None)
    assert "reward alive" in rows


class Drawn:
    """An environment that draws grey pictures."""

    frames = 0

    def render(self, index):
        self.frames += 1
        return np.full((48, 64, 3), 128, dtype=np.uint8)


def test_a_film_is_of_the_first_episode_at_most_thirty_frames_a_second(tmp_path):
    import av

    env = Drawn()
    with EpisodeFilm(tmp_path / "walk.mp4", step_dt=0.01) as film:
        film.begin(env, lambda slot: 0 if env.frames < 6 else 8)
        for _ in range(40):
            film.observe(None)  # pyright: ignore[reportArgumentType]
            film.after_step()
        assert film.finish() == {0: "walk.mp4"}
    with av.open(str(tmp_path / "walk.mp4")) as opened:
        stream = opened.streams.video[0]
        assert stream.average_rate == 25
        assert sum(1 for _ in opened.decode(stream)) == 6
