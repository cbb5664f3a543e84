"""Soft actor-critic that learns from its own transitions and from demonstrations side by side."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from stable_baselines3.common.utils import polyak_update
from torch.nn import functional

from genelab_backend_sb3.algorithms import GenelabSAC
from genelab_backend_sb3.config import Sb3ImitationCfg


class Batch(NamedTuple):
    """Transitions.

    Attributes:
        observations: `(batch, dim)`, or a dict of such tensors.
        actions: `(batch, action_dim)`, scaled to ±1.
        successors: Observations after the actions.
        rewards: `(batch, 1)`.
        dones: `(batch, 1)`, 1 where nothing follows.
    """

    observations: Any
    actions: torch.Tensor
    successors: Any
    rewards: torch.Tensor
    dones: torch.Tensor


class ImitatingSAC(GenelabSAC):
    """Draws a share of each mini-batch from demonstrations, and pulls the actor towards their actions.

    The distance that is minimised is that of sampled actions: it narrows their distribution where the demonstrations
    leave no doubt, and the entropy keeps it wide elsewhere.

    Attributes:
        imitation: How it imitates; set before learning begins.
        demonstrations: Buffer with the demonstrations; without one (`None`) this is the library's algorithm.
    """

    imitation: Sb3ImitationCfg
    demonstrations: Any = None

    def _excluded_save_params(self) -> list[str]:
        return [*super()._excluded_save_params(), "imitation", "demonstrations"]

    def imitate(self) -> None:
        """Take the gradient steps that precede all acting, on the demonstrations alone."""
        self.policy.set_training_mode(True)
        for _ in range(self.imitation.updates_before):
            batch = _draw(self.demonstrations, self.batch_size)
            self._update_critic(batch)
            actions, log_prob = self.actor.action_log_prob(batch.observations)
            distance = _distance(actions, batch.actions).mean()
            self._descend_actor(self.imitation.cloning_weight * distance + self._entropy_weight() * log_prob.mean())
            self._update_target()

    def train(self, gradient_steps: int, batch_size: int = 64) -> None:
        """Take gradient steps on mini-batches of `batch_size` transitions, demonstrated ones included."""
        if self.demonstrations is None:
            super().train(gradient_steps, batch_size)
            return
        self.policy.set_training_mode(True)
        shown = max(1, round(batch_size * self.imitation.batch_share))
        losses: list[dict[str, torch.Tensor]] = []
        for step in range(gradient_steps):
            parts = _draw(self.replay_buffer, batch_size - shown), _draw(self.demonstrations, shown)
            batch = Batch(*(_joined(*pair) for pair in zip(*parts, strict=True)))
            critic_loss = self._update_critic(batch)
            losses.append({"critic_loss": critic_loss, **self._update_actor(batch, shown)})
            if step % self.target_update_interval == 0:
                self._update_target()
        self._n_updates += gradient_steps
        for name in losses[0]:
            self.logger.record(f"train/{name}", float(torch.stack([loss[name] for loss in losses]).mean()))

    def _update_critic(self, batch: Batch) -> torch.Tensor:
        with torch.no_grad():
            actions, log_prob = self.actor.action_log_prob(batch.successors)
            values = torch.minimum(*self.critic_target(batch.successors, actions))
            values = values - self._entropy_weight() * log_prob[:, None]
            targets = batch.rewards + (1.0 - batch.dones) * self.gamma * values
        first, second = self.critic(batch.observations, batch.actions)
        loss = 0.5 * (functional.mse_loss(first, targets) + functional.mse_loss(second, targets))
        self.critic.optimizer.zero_grad()
        loss.backward()
        self.critic.optimizer.step()
        return loss.detach()

    def _update_actor(self, batch: Batch, shown: int) -> dict[str, torch.Tensor]:
        """Take a step of the actor; the last `shown` transitions of the batch are demonstrated."""
        actions, log_prob = self.actor.action_log_prob(batch.observations)
        self.critic.requires_grad_(False)
        values = torch.minimum(*self.critic(batch.observations, actions))
        self.critic.requires_grad_(True)
        demonstrated = batch.actions[-shown:]
        chosen = torch.ones(shown, device=self.device)
        if self.imitation.q_filter:
            with torch.no_grad():
                better = torch.minimum(*self.critic(_last(batch.observations, shown), demonstrated)) > values[-shown:]
            chosen = better[:, 0].float()
        cloning = (chosen * _distance(actions[-shown:], demonstrated)).mean()
        weight = self._entropy_weight()
        loss = (weight * log_prob - values[:, 0]).mean() + self.imitation.cloning_weight * cloning
        self._descend_actor(loss)
        self._update_entropy_weight(log_prob.detach())
        losses = {"actor_loss": loss, "cloning_loss": cloning, "cloned_share": chosen.mean(), "ent_coef": weight}
        return {name: loss.detach() for name, loss in losses.items()}

    def _descend_actor(self, loss: torch.Tensor) -> None:
        self.actor.optimizer.zero_grad()
        loss.backward()
        self.actor.optimizer.step()

    def _update_target(self) -> None:
        polyak_update(self.critic.parameters(), self.critic_target.parameters(), self.tau)

    def _entropy_weight(self) -> torch.Tensor:
        return self.ent_coef_tensor if self.log_ent_coef is None else self.log_ent_coef.detach().exp()

    def _update_entropy_weight(self, log_prob: torch.Tensor) -> None:
        """Move the weight of the entropy, if it is learnt, towards the target entropy."""
        if self.ent_coef_optimizer is None:
            return
        assert self.log_ent_coef is not None
        loss = -(self.log_ent_coef * (log_prob + float(self.target_entropy)).mean())
        self.ent_coef_optimizer.zero_grad()
        loss.backward()
        self.ent_coef_optimizer.step()


def _draw(buffer: Any, count: int) -> Batch:
    sample = buffer.sample(count)
    return Batch(sample.observations, sample.actions, sample.next_observations, sample.rewards, sample.dones)


def _joined(first: Any, second: Any) -> Any:
    if isinstance(first, dict):
        return {key: torch.cat((value, second[key])) for key, value in first.items()}
    return torch.cat((first, second))


def _last(observations: Any, count: int) -> Any:
    if isinstance(observations, dict):
        return {key: value[-count:] for key, value in observations.items()}
    return observations[-count:]


def _distance(actions: torch.Tensor, others: torch.Tensor) -> torch.Tensor:
    """Return the squared distances of actions, `(batch,)`."""
    return (actions - others).square().sum(dim=1)
