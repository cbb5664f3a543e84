"""skrl's agents with what our training loop needs: their losses, and all of their state."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING, Any, ClassVar

import torch

from genelab_backend_skrl.library import A2C, DDPG, PPO, SAC, TD3, Agent

if TYPE_CHECKING:
    _Base = Agent
else:
    _Base = object


class TrackedAgent(_Base):
    """Mixin: hands out the tracked scalars instead of writing files, and the state that skrl does not save.

    Attributes:
        counter_names: Attributes of the agent that decide when it updates next.
    """

    counter_names: ClassVar[tuple[str, ...]] = ()

    def update(self, *, timestep: int, timesteps: int) -> None:
        """Update; SAC tells its losses only while it believes that it writes them."""
        self.write_interval = 1
        super().update(timestep=timestep, timesteps=timesteps)  # pyright: ignore[reportAbstractUsage]
        self.write_interval = 0

    def take_scalars(self) -> dict[str, float]:
        """Return the mean of what was tracked since the last call, by skrl's own names."""
        scalars = {tag: fmean(values) for tag, values in self.tracking_data.items()}
        self.tracking_data.clear()
        return scalars

    def weights(self) -> list[torch.Tensor]:
        """Return the parameters of all models."""
        return [parameter for model in self.models.values() for parameter in model.parameters()]

    def counters(self) -> dict[str, Any]:
        """Return what decides when and how strongly the agent updates next."""
        return {name: getattr(self, name) for name in self.counter_names}

    def load_counters(self, state: dict[str, Any]) -> None:
        """Restore what `counters` returned."""
        for name in self.counter_names:
            setattr(self, name, state[name])


class OnPolicyAgent(TrackedAgent):
    """Mixin of PPO and A2C: counts the steps of the present rollout and may move its learning rate."""

    counter_names = ("_rollout",)
    scheduler: Any

    def counters(self) -> dict[str, Any]:
        schedule = None if self.scheduler is None else self.scheduler.state_dict()
        return {**super().counters(), "schedule": schedule}

    def load_counters(self, state: dict[str, Any]) -> None:
        super().load_counters(state)
        if self.scheduler is not None:
            self.scheduler.load_state_dict(state["schedule"])


class TrackedPPO(OnPolicyAgent, PPO):
    """Proximal policy optimisation (Schulman et al. 2017, arXiv:1707.06347)."""


class TrackedA2C(OnPolicyAgent, A2C):
    """Advantage actor-critic (Mnih et al. 2016, arXiv:1602.01783)."""


class TrackedSAC(TrackedAgent, SAC):
    """Soft actor-critic (Haarnoja et al. 2018, arXiv:1812.05905), whose entropy coefficient is in the checkpoint."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        if self.cfg.learn_entropy:
            entropy = EntropyCoefficient(self)
            entropy.load_state_dict(entropy.state_dict())
            self.checkpoint_modules["entropy_coefficient"] = entropy


class TrackedTD3(TrackedAgent, TD3):
    """Twin delayed DDPG (Fujimoto et al. 2018, arXiv:1802.09477): its policy is updated less often than its critics."""

    counter_names = ("_update_counter",)


class TrackedDDPG(TrackedAgent, DDPG):
    """Deep deterministic policy gradient (Lillicrap et al. 2015, arXiv:1509.02971)."""


class EntropyCoefficient:
    """The learned entropy coefficient in the form of the other parts of a checkpoint."""

    def __init__(self, agent: SAC) -> None:
        self._agent = agent

    def state_dict(self) -> dict[str, torch.Tensor]:
        return {"log": self._agent.log_entropy_coefficient.detach().clone()}

    def load_state_dict(self, state: dict[str, torch.Tensor]) -> None:
        """Set the coefficient, and what the agent keeps of it between gradient steps."""
        with torch.no_grad():
            self._agent.log_entropy_coefficient.copy_(state["log"])
        self._agent._entropy_coefficient = self._agent.log_entropy_coefficient.detach().exp()
