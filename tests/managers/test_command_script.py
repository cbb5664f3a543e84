"""What `--command` says, and which commands follow from it at which time."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from genelab.managers.command_script import CommandScript
from genelab.utils.errors import UsageError

TWIST, GAIT = {"dim": 3, "components": ["vx", "vy", "wz"]}, {"dim": 1}
COMMANDS = {"twist": TWIST, "gait": GAIT}


def at(script: CommandScript, name: str, *times: float) -> list[list[float]]:
    return script.values(name, np.array(times)).tolist()


def test_a_command_changes_when_its_time_is_over_and_the_last_one_stays():
    script = CommandScript("twist=1,0,0 for 2s; twist=0,0,-0.5 for 1.5 s; gait=3", COMMANDS)
    times = np.array([0.0, 1.99, 2.0, 3.49, 3.5, 9.0])
    np.testing.assert_allclose(script.values("twist", times)[:, 0], [1, 1, 0, 0, 0, 0])
    np.testing.assert_allclose(script.values("twist", times)[:, 2], [0, 0, -0.5, -0.5, -0.5, -0.5])
    np.testing.assert_allclose(script.values("gait", times)[:, 0], [0, 0, 0, 0, 3, 3])
    assert script.duration == math.inf


def test_the_name_of_the_only_command_may_be_left_out():
    assert at(CommandScript("0.5,1", {"goal": {"dim": 2}}), "goal", 0.0) == [[0.5, 1.0]]


def test_components_that_are_not_named_are_zero():
    script = CommandScript("vx=0.5 for 4s; vx=0.2, wz=0.5 for 3s; wz = -1 vy=1 for 1s", COMMANDS)
    assert at(script, "twist", 0.0, 4.0, 7.0) == [[0.5, 0.0, 0.0], [0.2, 0.0, 0.5], [0.0, 1.0, -1.0]]
    assert script.duration == 8.0
    assert script.names == ["twist"]


def test_a_part_may_set_several_commands():
    script = CommandScript("vx=1 gait=2 for 1s; twist=0,0,1, gait=3 for 1s", COMMANDS)
    assert at(script, "twist", 0.5, 1.5) == [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    assert at(script, "gait", 0.5, 1.5) == [[2.0], [3.0]]


def test_a_component_of_two_commands_needs_the_name_of_its_command():
    arms = {"left": {"dim": 2, "components": ["x", "y"]}, "right": {"dim": 2, "components": ["x", "z"]}}
    assert at(CommandScript("right.x=1 y=2", arms), "right", 0.0) == [[1.0, 0.0]]
    with pytest.raises(UsageError, match="x is a component of left and of right") as caught:
        CommandScript("x=1", arms)
    assert caught.value.fix == "write left.x"


def test_a_width_that_is_not_known_yet_is_not_checked():
    assert CommandScript("gait=1,2,3 for 2s", {"gait": {"dim": None}}).duration == 2.0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("twist=1,0", "3 elements, not 2"),
        ("twist=1,0,zero", "is no command"),
        ("twist=1,0,0 until 3s", "is no command"),
        ("twist=1,0,0 for 3", "is no command"),
        ("for 3s", "is no command"),
        ("vx= for 3s", "is no command"),
        ("1,0,0", "name the command"),
        ("twits=1,0,0", "did you mean twist"),
        ("vz=1", "unknown command 'vz'"),
        ("vz=1", "did you mean wz"),
        ("gait.vx=1", "unknown command 'gait.vx'"),
        ("vx=1,2", "vx is one number, not 2"),
        ("vx=1 vx=2", "sets vx twice"),
        ("vx=1 twist.vx=2", "twist.vx is set twice"),
        ("twist=1,0,0 vx=2", "vx and all of twist are set in one part"),
        ("vx=nan", "asks for nan"),
        ("vx=1; vy=1 for 2s", "'vy=1 for 2s' never begins"),
        (" ; ", "empty"),
    ],
)
def test_what_cannot_be_meant_is_refused(text, message):
    with pytest.raises(UsageError, match=message):
        CommandScript(text, COMMANDS)


def test_metadata_without_names_of_elements_still_takes_whole_commands():
    old = {"twist": {"dim": 3}}
    assert at(CommandScript("twist=1,0,0", old), "twist", 0.0) == [[1.0, 0.0, 0.0]]
    with pytest.raises(UsageError, match="unknown command 'vx'"):
        CommandScript("vx=1", old)


def test_robots_get_the_command_of_their_own_episode():
    loaded = {}
    term = SimpleNamespace(load_command=lambda value: loaded.update(twist=value))
    script = CommandScript("vx=1 for 1s; wz=1", COMMANDS)
    script.give(SimpleNamespace(terms={"twist": term}), np.array([0, 50]), 0.02)  # pyright: ignore[reportArgumentType]
    assert loaded["twist"].equal(torch.tensor([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]))
