"""A plugin with short tasks for other simulators, and the actors that are exported from them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import ClassVar

import torch
from torch import nn

from genelab import mdp
from genelab.api import ObservationKindSpec, TaskSpec, hookimpl
from genelab.config import MetricTermCfg, ObservationTermCfg, RewardTermCfg, TaskCfg, configclass
from genelab.config.terms import ObservationGroupCfg
from genelab.sensors import AngularMomentumCfg, ContactSensorCfg, ImuCfg

sys.path.append(str(Path(__file__).parents[1] / "physics"))

from quadruped import quadruped_cfg

GENELAB_API = "1"
PENDULUM, QUADRUPED = "Sim2sim-Pendulum-v0", "Sim2sim-Quadruped-v0"


@hookimpl
def genelab_tasks():
    return [
        TaskSpec(id=PENDULUM, config="sim2sim_tasks:pendulum_task"),
        TaskSpec(id=QUADRUPED, config="sim2sim_tasks:quadruped_task"),
    ]


@hookimpl
def genelab_observation_kinds():
    return [ObservationKindSpec(name="age", kind="sim2sim_tasks:age", compute="sim2sim_tasks:age_of_robot")]


@configclass
class PlanarVelocityCfg(mdp.UniformCommandCfg):
    """A command of a task pack's own, whose elements have names."""

    components: ClassVar[tuple[str, ...]] = ("vx", "vy")


def age(env):
    """Control steps since the start of the episode: an observation that no other simulator knows unless told how."""
    return env.episode_length_buf.float()


def age_of_robot(robot):
    return robot.step[:, None]


def feet_on_ground(env, sensor):
    return env.scene.sensor(sensor).in_contact.float().sum(dim=1)


def spin(env):
    """What no engine tells: it takes the masses of the links."""
    return env.scene.sensor("momentum").value.norm(dim=1)


def pendulum_task() -> TaskCfg:
    from genelab_tasks_locomotion.cartpole.inverted_pendulum import inverted_pendulum_env

    env = inverted_pendulum_env()
    env.episode_length_s = 1.0
    return TaskCfg(env=env)


def quadruped_task() -> TaskCfg:
    """The toy on its feet: a command, an inertial unit, contact sensors, and terms that read them."""
    env = quadruped_cfg()
    env.episode_length_s = 1.0
    env.scene.sensors = {
        "imu": ImuCfg(offset=(0.1, 0.0, 0.05)),
        "feet": ContactSensorCfg(links=("f.", "r."), every_tick=True),
        "momentum": AngularMomentumCfg(),
    }
    env.commands = {"velocity": PlanarVelocityCfg(low=(-1.0, -1.0), high=(1.0, 1.0), resampling_s=(0.3, 0.5))}
    terms = {
        **env.observations["policy"].terms,
        "base_ang_vel": ObservationTermCfg(func=mdp.observations.base_ang_vel),
        "gyroscope": ObservationTermCfg(func=mdp.sensing.imu_ang_vel, params={"sensor": "imu"}),
        "imu_gravity": ObservationTermCfg(func=mdp.sensing.imu_projected_gravity, params={"sensor": "imu"}),
        "imu_velocity": ObservationTermCfg(func=mdp.sensing.imu_lin_vel, params={"sensor": "imu"}),
        "last_action": ObservationTermCfg(func=mdp.observations.last_action),
        "command": ObservationTermCfg(func=mdp.observations.command, params={"name": "velocity"}),
        "age": ObservationTermCfg(func=age, scale=0.01),
    }
    env.observations["policy"] = ObservationGroupCfg(terms=terms, corrupt=True, history_length=3)
    env.rewards["effort"] = RewardTermCfg(func=mdp.rewards.joint_effort_l2, weight=-1e-3)
    env.metrics["feet_on_ground"] = MetricTermCfg(func=feet_on_ground, params={"sensor": "feet"})
    env.metrics["spin"] = MetricTermCfg(func=spin)
    return TaskCfg(env=env)


def balancing_actor() -> nn.Module:
    """A linear law that moves the cart under the pole: of x, θ, ẋ and θ̇ (which come scaled by 0.1)."""
    actor = nn.Linear(8, 1, bias=False)
    weights = torch.tensor([[1.245, 1.835, 4.16, 3.14, 0.0, 0.0, 0.0, 0.0]])
    actor.weight = nn.Parameter(weights)
    return actor


def swaying_actor() -> nn.Module:
    """A small random network."""
    return nn.Sequential(nn.Linear(99, 16), nn.Tanh(), nn.Linear(16, 4))
