"""A task that uses the pack's noise, action and sensor."""

from __future__ import annotations

from extension_pack.action import SlewedPositionCfg
from extension_pack.noise import Spikes
from extension_pack.sensor import OdometerCfg, odometer
from genelab.config import ObservationTermCfg, TaskCfg
from genelab_tasks_locomotion.cartpole.inverted_pendulum import inverted_pendulum_env


def extended_pendulum() -> TaskCfg:
    env = inverted_pendulum_env()
    env.simulation.num_envs = 16
    env.scene.sensors = {"odometer": OdometerCfg()}
    env.actions = {"cart": SlewedPositionCfg()}
    env.observations["policy"].terms["odometer"] = ObservationTermCfg(func=odometer, noise=Spikes(height=7.0))
    return TaskCfg(env=env)
