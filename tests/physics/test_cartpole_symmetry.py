"""The mirror of the cart-poles' agents against the simulator's own left and right."""

from __future__ import annotations

import torch
from tensordict import TensorDict

from genelab_tasks_locomotion.cartpole.agents.symmetry import mirror_cartpole


def test_a_mirrored_state_and_action_lead_to_the_mirrored_observation_and_the_same_reward(pendulum_env):
    env, robot = pendulum_env, pendulum_env.scene["robot"]
    half = env.num_envs // 2
    generator = torch.Generator().manual_seed(0)
    pos, vel = 0.1 * torch.randn(2, half, 2, generator=generator)
    actions = torch.randn(half, 1, generator=generator)
    env.reset(seed=1)
    robot.write_joints(torch.cat((pos, -pos)), torch.cat((vel, -vel)), torch.ones(env.num_envs, dtype=torch.bool))
    _, mirrored_actions = mirror_cartpole(env, None, actions)
    for _ in range(3):
        observations, reward, terminated, truncated, _ = env.step(mirrored_actions)
        assert not (terminated | truncated).any()
    seen = TensorDict({"critic": observations["critic"]}, batch_size=[env.num_envs])  # this group has no noise
    mirrored, _ = mirror_cartpole(env, seen[:half], None)
    assert seen["critic"][:half].abs().max() > 0.1
    torch.testing.assert_close(mirrored["critic"], seen["critic"], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(reward[:half], reward[half:], rtol=1e-4, atol=1e-5)
