"""Metrics of velocity tasks: formulas on motions that are known, and a Go1 that only stands."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from genelab.entities.articulation import Articulation
from genelab.envs.manager_based_rl_env import ManagerBasedRlEnv
from genelab.eval.metrics import EvalMetric, NotApplicable
from genelab.eval.protocol import evaluate_policy
from genelab.mdp.velocity_command import VelocityCommandCfg
from genelab.plugins.catalog import get_catalog
from genelab.rl.policy import ZeroPolicy
from genelab.sim2sim.scene import NotInEngine
from genelab.testing import FakeVecEnv

PACK_METRICS = (
    "forward_error",
    "sideward_error",
    "turning_error",
    "commanded_speed_share",
    "commanded_turn_share",
    "mechanical_power",
    "cost_of_transport",
    "foot_slip",
    "fell",
)
MASS, DT = 5.0, 0.02
QUARTER_TURN = (math.cos(math.pi / 4), 0.0, 0.0, math.sin(math.pi / 4))


class KnownRobot(Articulation):
    """Two envs; the base of env 1 is turned to the left by 90°. What it does is assigned."""

    root_quat = torch.tensor([[1.0, 0.0, 0.0, 0.0], QUARTER_TURN])
    root_lin_vel = root_ang_vel = torch.zeros(2, 3)
    applied_effort = joint_vel = torch.zeros(2, 2)
    link_ang_vel = torch.zeros(2, 3, 3)

    def __init__(self) -> None:
        pass

    def cached(self, key: str, read: Callable[[], torch.Tensor]) -> torch.Tensor:
        return read()  # what is assigned counts at once


class KnownEnv(ManagerBasedRlEnv):
    """Has what the metrics of velocity tasks read."""

    def __init__(self, *sensors: str) -> None:
        self.num_envs, self.step_dt, self.device = 2, DT, torch.device("cpu")
        self.robot = KnownRobot()
        self.twist = SimpleNamespace(cfg=VelocityCommandCfg(), command=torch.zeros(2, 3))
        self.command_manager = SimpleNamespace(terms={"twist": self.twist}, get=lambda name: self.twist.command)
        ended = {"fell": torch.tensor([False, True]), "time_out": torch.tensor([True, False])}
        self.termination_manager = SimpleNamespace(active_terms=list(ended), by_name=lambda: ended)
        self.feet = SimpleNamespace(links=[1, 2], heights=torch.zeros(2, 2), velocities=torch.zeros(2, 2, 3))
        self.contact = SimpleNamespace(in_contact=torch.ones(2, 2, dtype=torch.bool))
        self.cfg = SimpleNamespace(scene=SimpleNamespace(sensors=dict.fromkeys(sensors)))
        self.scene = KnownScene(self)


class KnownScene:
    gravity = (0.0, 0.0, -10.0)

    def __init__(self, env: KnownEnv) -> None:
        self._env = env
        self.properties = {"robot": SimpleNamespace(mass=torch.tensor([[3.0, 2.0]]).repeat(2, 1))}

    def __getitem__(self, name: str) -> Any:
        return {"robot": self._env.robot}[name]

    def sensor(self, name: str) -> Any:
        return {"feet_contact": self._env.contact, "feet_height": self._env.feet}[name]


def metric(name: str) -> EvalMetric:
    spec = get_catalog().metric(name)
    return get_catalog().load(spec, spec.metric)()


def measured(name: str, env: KnownEnv, steps: int = 1) -> list[float]:
    """Return the metric of both envs for episodes in which everything stays as it is."""
    made = metric(name)
    made.start(env)
    for _ in range(steps):
        made.update(None)
    return made.finish(torch.tensor([0, 1])).tolist()


def moving(command: tuple[float, float, float], *, world: tuple[float, float], turning: float = 0.0) -> KnownEnv:
    env = KnownEnv("feet_contact", "feet_height")
    env.twist.command = torch.tensor([command] * 2)
    env.robot.root_lin_vel = torch.tensor([[*world, 0.0]] * 2)
    env.robot.root_ang_vel = torch.tensor([[0.0, 0.0, turning]] * 2)
    return env


def test_errors_are_those_along_the_axes_of_the_base():
    env = moving((1.0, 0.0, 0.5), world=(0.6, 0.2), turning=-0.25)
    # env 1 looks along y: 0.6 m/s along x are 0.6 m/s to its right
    assert measured("forward_error", env) == pytest.approx([0.4, 0.8])
    assert measured("sideward_error", env) == pytest.approx([0.2, 0.6])
    assert measured("turning_error", env) == pytest.approx([0.75, 0.75])


def test_an_error_is_the_mean_of_its_own_episode():
    env, made = moving((1.0, 0.0, 0.0), world=(1.0, 0.0)), metric("forward_error")
    made.start(env)
    for speed in (1.0, 0.5, 0.0):
        env.robot.root_lin_vel = torch.tensor([[speed, 0.0, 0.0], [0.0, speed, 0.0]])
        made.update(None)
        if speed == 0.5:
            assert made.finish(torch.tensor([1])).tolist() == pytest.approx([0.25])
    assert made.finish(torch.tensor([0, 1])).tolist() == pytest.approx([0.5, 1.0])


@pytest.mark.parametrize(
    ("command", "world", "share"),
    [
        ((0.5, 0.0, 0.0), (0.4, 0.3), (0.8, 0.6)),
        ((0.0, -0.5, 0.0), (0.4, 0.0), (0.0, 0.8)),
        ((0.3, 0.4, 0.0), (-0.3, -0.4), (-1.0, 0.0)),
    ],
)
def test_the_share_of_the_commanded_speed_counts_along_the_command(command, world, share):
    assert measured("commanded_speed_share", moving(command, world=world)) == pytest.approx(list(share), abs=1e-6)


def test_the_share_of_a_turn_has_the_sign_of_what_was_asked():
    for asked, done, share in ((0.5, 0.4, 0.8), (-0.5, 0.4, -0.8), (-0.5, -0.5, 1.0)):
        env = moving((0.0, 0.0, asked), world=(0.0, 0.0), turning=done)
        assert measured("commanded_turn_share", env) == pytest.approx([share] * 2)


@pytest.mark.parametrize("name", ["commanded_speed_share", "commanded_turn_share", "cost_of_transport"])
def test_a_command_to_stand_gives_no_share_and_no_cost(name):
    env = moving((0.05, 0.0, 0.05), world=(1.0, 0.0), turning=1.0)
    assert all(math.isnan(value) for value in measured(name, env, steps=200))


def test_power_counts_driving_and_braking():
    env = KnownEnv()
    env.robot.applied_effort = torch.tensor([[2.0, 3.0], [2.0, 0.0]])
    env.robot.joint_vel = torch.tensor([[4.0, -5.0], [0.5, 7.0]])
    assert measured("mechanical_power", env, steps=3) == pytest.approx([23.0, 1.0])


def test_the_cost_of_transport_is_energy_for_weight_and_way():
    env = moving((0.0, 1.0, 0.0), world=(0.5, 0.5))
    env.robot.applied_effort, env.robot.joint_vel = torch.full((2, 2), 5.0), torch.full((2, 2), 2.0)
    steps = 150  # 3 s, 1.5 m to the left for env 0; env 1 goes backward
    energy, weight = 20.0 * steps * DT, MASS * 10.0
    cost, none = measured("cost_of_transport", env, steps)
    assert cost == pytest.approx(energy / (weight * 1.5), rel=1e-5)
    assert math.isnan(none)


def test_a_way_of_less_than_a_metre_has_no_cost():
    env = moving((1.0, 0.0, 0.0), world=(0.5, 0.5))
    assert all(math.isnan(value) for value in measured("cost_of_transport", env, steps=99))


def test_a_wheel_that_rolls_does_not_slip_and_one_that_is_dragged_does():
    env, radius, speed = KnownEnv("feet_contact", "feet_height"), 0.1, 0.8
    env.feet.heights = torch.full((2, 2), radius)
    env.feet.velocities = torch.tensor([speed, 0.0, 0.0]).expand(2, 2, 3)
    assert measured("foot_slip", env) == pytest.approx([speed] * 2)
    env.robot.link_ang_vel = torch.tensor([0.0, speed / radius, 0.0]).expand(2, 3, 3)
    assert measured("foot_slip", env) == pytest.approx([0.0] * 2)
    env.robot.link_ang_vel = torch.tensor([-3.0, speed / radius, 0.0]).expand(2, 3, 3)
    assert measured("foot_slip", env) == pytest.approx([0.3] * 2)


def test_only_feet_on_the_ground_slip():
    env = KnownEnv("feet_contact", "feet_height")
    env.feet.velocities = torch.tensor([[[0.2, 0.0, 0.0], [9.0, 0.0, 0.0]]]).repeat(2, 1, 1)
    env.contact.in_contact = torch.tensor([[True, False], [False, False]])
    slip, none = measured("foot_slip", env)
    assert slip == pytest.approx(0.2) and math.isnan(none)


def test_a_fall_is_told_from_a_time_out():
    assert measured("fell", KnownEnv()) == [0.0, 1.0]


@pytest.mark.parametrize("name", PACK_METRICS)
def test_environments_without_a_velocity_command_are_not_measured(name):
    with pytest.raises(NotApplicable):
        metric(name).start(FakeVecEnv(2))


def test_slip_needs_the_sensors_of_the_feet():
    with pytest.raises(NotApplicable, match="feet_height"):
        metric("foot_slip").start(KnownEnv("feet_contact"))


def test_a_robot_whose_mass_is_not_known_is_measured_without_its_cost_of_transport():
    """Another simulator than Genesis tells no masses; `genelab sim2sim` evaluates all the same."""
    env = KnownEnv()
    env.scene.properties = NoProperties()
    with pytest.raises(NotApplicable):
        metric("cost_of_transport").start(env)
    metric("mechanical_power").start(env)


class NoProperties(dict[str, Any]):
    def __missing__(self, name: str) -> Any:
        raise NotInEngine(f"the mass of {name}")


def test_a_go1_that_only_stands_follows_no_direction(go1: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(go1, "max_episode_length", 60)
    result = evaluate_policy(
        go1,
        ZeroPolicy(12),
        episodes=8,
        seed=0,
        metrics={name: metric(name) for name in PACK_METRICS},
        strata=go1.cfg.strata,
    )
    assert set(result.metric_names) == set(PACK_METRICS)
    rows = {row["stratum"]["direction"]: row["metrics"] for row in result.rows}
    assert len(rows) == 8
    assert not any(row["fell"] for row in rows.values())
    assert all(row["cost_of_transport"] is None for row in rows.values())
    assert all(row["foot_slip"] < 0.05 and 0.0 < row["mechanical_power"] < 20.0 for row in rows.values())
    for name, axis in (("forward", "forward"), ("backward", "forward"), ("left", "sideward"), ("right", "sideward")):
        assert 0.45 < rows[name][f"{axis}_error"] < 1.05
        assert abs(rows[name]["commanded_speed_share"]) < 0.1
        assert rows[name]["turning_error"] < 0.1 and rows[name]["commanded_turn_share"] is None
    for name in ("turn_left", "turn_right"):
        assert 0.45 < rows[name]["turning_error"] < 1.05
        assert abs(rows[name]["commanded_turn_share"]) < 0.1 and rows[name]["commanded_speed_share"] is None
    assert rows["stand"]["forward_error"] < 0.1
