"""`genelab play --command` and the keyboard, on a fake environment with the velocity command of the core."""

from __future__ import annotations

import json
import sys
import types
from types import SimpleNamespace

import pytest
import torch
from click.testing import CliRunner

from genelab.cli.play import command
from genelab.config import ManagerBasedEnvCfg, ManagerBasedRlEnvCfg, SimulationCfg, TaskCfg
from genelab.managers.command_manager import CommandManager
from genelab.mdp.velocity_command import VelocityCommandCfg
from genelab.plugins.tasks import LoadedTask
from genelab.rl.policy import ZeroPolicy
from genelab.runs import source as source_module
from genelab.runs.playing import play_policy
from genelab.runs.steering import KeyboardVelocity, follow_keys, follow_script, read_script
from genelab.testing.fake_env import FakeVecEnv
from genelab.utils.errors import UsageError

TASK = "Sample-Counter-v0"
COMMAND = VelocityCommandCfg(lin_vel_x=(3.0, 4.0), resampling_s=(0.02, 0.06), heading_share=1.0)


class Scene(dict):
    """A robot that stands, and a viewer that remembers which keys were bound."""

    def __init__(self, num_envs: int) -> None:
        quat = torch.tensor([1.0, 0.0, 0.0, 0.0]).repeat(num_envs, 1)
        super().__init__(robot=SimpleNamespace(root_quat=quat, base_lin_vel=torch.zeros(num_envs, 3)))

    def bind_keys(self, bindings) -> None:
        self.bound = {binding.key: binding.call for binding in bindings}


class CommandedEnv(FakeVecEnv):
    """Episodes of three steps; `asked` holds the command of each observation, of env 0."""

    def __init__(self, cfg=None) -> None:
        super().__init__(2, max_episode_length=3, success_probability=None)
        self.scene = Scene(2)
        self.command_manager = CommandManager({"velocity": COMMAND} if cfg is None else cfg.commands, self)
        self.asked: list[list[float]] = []

    def nobody(self, mask: torch.Tensor) -> bool:
        return not bool(mask.any())

    def reset(self, **options):
        self.command_manager.reset(torch.ones(2, dtype=torch.bool))
        self._note()
        return super().reset(**options)

    def step(self, actions):
        observations, reward, terminated, truncated, extras = super().step(actions)
        self.command_manager.reset(terminated | truncated)
        self.command_manager.compute(self.step_dt)
        self._note()
        return observations, reward, terminated, truncated, extras

    def _note(self) -> None:
        self.asked.append([round(value, 6) for value in self.command_manager.get("velocity")[0].tolist()])


class Acting:
    """A policy from a function."""

    def __init__(self, act) -> None:
        self._act = act

    def __call__(self, observations):
        return self._act(observations)

    def reset(self, done=None) -> None:
        pass


def test_a_script_holds_over_resets_and_draws_in_the_time_of_the_whole_run():
    env = CommandedEnv()
    assert env.step_dt == 0.02
    play_policy(env, ZeroPolicy(2), 10, steer=follow_script(env, "vx=0.5 for 0.1s; vy=0.1 wz=-1 for 0.04s; wz=1"))
    assert env.asked[:5] == [[0.5, 0.0, 0.0]] * 5
    assert env.asked[5:7] == [[0.0, 0.1, -1.0]] * 2
    assert env.asked[7:] == [[0.0, 0.0, 1.0]] * 4


def test_without_a_script_the_task_draws():
    env = CommandedEnv()
    play_policy(env, ZeroPolicy(2), 10)
    assert all(3.0 <= asked[0] <= 4.0 for asked in env.asked)
    assert len({asked[0] for asked in env.asked}) > 3


def test_keys_take_over_at_the_first_press_and_hand_back():
    env, said = CommandedEnv(), []
    steer = follow_keys(env, said.append)
    assert "up forward" in said[0] and "vx 0.1" in said[0] and "wz 0.2" in said[0] and "space stop" in said[0]

    def act(observations):
        step = len(env.asked)
        for key in {4: ["UP", "UP", "LEFT"], 6: ["Q", "DOWN"], 7: ["SPACE"], 9: ["RETURN"]}.get(step, []):
            env.scene.bound[key]()
        return torch.zeros(2, 2)

    play_policy(env, Acting(act), 20, steer=steer)
    assert all(asked[0] >= 3.0 for asked in env.asked[:5])
    assert env.asked[5:7] == [[0.2, 0.0, 0.2]] * 2
    assert env.asked[7] == [0.1, 0.1, 0.2]
    assert env.asked[8:10] == [[0.0, 0.0, 0.0]] * 2
    assert env.asked[-1][0] >= 3.0
    assert said[1:4] == ["command: vx 0.1, vy 0, wz 0", "command: vx 0.2, vy 0, wz 0", "command: vx 0.2, vy 0, wz 0.2"]
    assert said[-1] == "command: the task's own, from the next one on"


def test_keys_leave_a_task_without_a_velocity_alone():
    env, said = CommandedEnv(ManagerBasedRlEnvCfg()), []
    env._note = lambda: None
    play_policy(env, ZeroPolicy(2), 3, steer=follow_keys(env, said.append))
    assert not said and not hasattr(env.scene, "bound")


def test_keys_of_components_that_a_command_lacks_are_not_bound():
    keyboard = KeyboardVelocity(("vx", "wz"), lambda line: None)
    assert [binding.key for binding in keyboard.bindings()] == ["UP", "DOWN", "LEFT", "RIGHT", "SPACE", "RETURN"]
    keyboard.add("wz", -1)
    assert keyboard.velocity == (0.0, -0.2)
    assert not KeyboardVelocity.steers(("x", "y", "z")) and not KeyboardVelocity.steers(())


# ---- the command itself


@pytest.fixture
def commanded(workspace, monkeypatch):
    """Let the sample task have a velocity command, and its environments be fakes with one; returns these."""
    made: list[CommandedEnv] = []

    def load(task_id, **options):
        spec = source_module.get_catalog().task(task_id)
        cfg = TaskCfg(env=ManagerBasedRlEnvCfg(simulation=SimulationCfg(dt=0.02), commands={"velocity": COMMAND}))
        cfg.env.decimation = 1
        return LoadedTask(spec, source_module.apply_overrides(cfg, list(options["overrides"])), None)

    def make_env(cfg, **options):
        made.append(CommandedEnv(cfg))
        return made[-1]

    monkeypatch.setattr(source_module, "load_task", load)
    module = types.ModuleType("genelab.envs.make")
    module.make_env = make_env  # pyright: ignore[reportAttributeAccessIssue]
    monkeypatch.setitem(sys.modules, "genelab.envs.make", module)
    return made


def play(*arguments: str):
    return CliRunner().invoke(command, [TASK, "--headless", "--json", *arguments], catch_exceptions=False)


@pytest.mark.parametrize(
    ("arguments", "steps"),
    [
        (("--command", "vx=0.5 for 0.2s; wz=0.5 for 0.1s"), 15),
        (("--command", "vx=0.5 for 0.2s; wz=0.5"), 240),
        (("--command", "vx=0.5 for 0.2s", "--steps", "4"), 4),
        (("--command", "vx=0.5 for 0.2s", "--env.simulation.steps", "4"), 4),
        (("--command", "vx=0.5 for 0.2s", "--max-steps", "3"), 3),
        (("--command", "vx=0.5 for 0s"), 1),
    ],
)
def test_a_headless_run_is_as_long_as_its_script(commanded, arguments, steps):
    summary = json.loads(play(*arguments).stdout)
    assert summary["steps"] == steps
    assert summary["command"] == arguments[1]
    assert commanded[0].asked[0] == [0.5, 0.0, 0.0]


@pytest.mark.parametrize(
    ("text", "message"),
    [("vz=1", "did you mean wz"), ("vx=1; vy=1", "never begins"), ("velocity=1,2", "3 elements, not 2")],
)
def test_a_wrong_script_is_refused_before_the_simulator_starts(commanded, text, message):
    with pytest.raises(UsageError, match=message):
        CliRunner().invoke(
            command, [TASK, "--headless", "--command", text], catch_exceptions=False, standalone_mode=False
        )
    assert not commanded


def test_scenes_and_shards_take_no_script():
    sharded = ManagerBasedRlEnvCfg(simulation=SimulationCfg(shards=2), commands={"velocity": COMMAND})
    for cfg in (ManagerBasedEnvCfg(), sharded):
        with pytest.raises(UsageError, match="needs an environment with commands"):
            read_script("vx=1", cfg)
