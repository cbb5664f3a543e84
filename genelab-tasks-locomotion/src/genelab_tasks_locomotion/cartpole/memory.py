"""Memory task: a target is shown for the first five steps of an episode; the cart must go there and stay."""

from __future__ import annotations

from genelab import mdp
from genelab.config import EventTermCfg, ManagerBasedRlEnvCfg, MetricTermCfg, ObservationTermCfg, RewardTermCfg, TaskCfg
from genelab_tasks_locomotion.cartpole import terms
from genelab_tasks_locomotion.cartpole.inverted_pendulum import inverted_pendulum_env

TARGET = "target"
CUE_STEPS = 5


def inverted_pendulum_memory() -> TaskCfg:
    """Balance a pole and move the cart to a place that was shown at the start."""
    env = inverted_pendulum_env()
    env.decimation = 4
    env.episode_length_s = 2.0  # 100 steps; within one second nobody gets there, see docs/decisions/memory-task.md
    env.random_initial_episode_length = False  # the cue belongs to the first steps
    env.commands = {TARGET: mdp.UniformCommandCfg(low=(-0.8,), high=(0.8,))}
    env.observations["policy"].terms["target_cue"] = ObservationTermCfg(
        func=terms.target_cue, params={"command": TARGET, "steps": CUE_STEPS}
    )
    env.observations["critic"].terms["target"] = ObservationTermCfg(
        func=mdp.observations.command, params={"name": TARGET}
    )
    del env.observations["policy"].terms["last_action"]  # a note to itself that a policy could write the target in
    del env.rewards["cart_position"]
    env.rewards["target_error"] = RewardTermCfg(func=terms.target_error_l2, params={"command": TARGET}, weight=-4.0)
    env.rewards["target_reached"] = RewardTermCfg(
        func=terms.target_reached, params={"command": TARGET, "std": 0.05}, weight=1.0
    )
    del env.events["push_cart"]
    forget_with_the_body(env)
    env.metrics = {"target_distance": MetricTermCfg(func=terms.target_distance, params={"command": TARGET})}
    return TaskCfg(env=env, for_evaluation=forget_with_the_body)


def forget_with_the_body(env: ManagerBasedRlEnvCfg) -> None:
    """Begin again when the cue ends: a cart that is thrown while it is shown would need no memory to arrive."""
    start = env.events["reset_joints"].params
    wait = (CUE_STEPS - 0.5) * env.step_dt  # is rounded up to whole steps
    env.events["begin_again"] = EventTermCfg(
        func=terms.begin_again,
        mode="interval",
        interval_s=(wait, wait),
        params={"steps": CUE_STEPS, **start},
    )
