"""What a term may use of its environment, and no more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import torch

    from genelab.managers.random_streams import RandomStreams
    from genelab.sim.scene import Scene
    from genelab.utils.strata import Bins


class Actions(Protocol):
    """What terms may read of the actions: as the policy gave them, without noise and delay, `(num_envs, dim)` each."""

    @property
    def action(self) -> torch.Tensor:
        """The action of this control step."""
        ...

    @property
    def previous_action(self) -> torch.Tensor:
        """That of the step before; zero at the start of an episode."""
        ...

    @property
    def earlier_action(self) -> torch.Tensor:
        """That of the step before that one."""
        ...


class Commands(Protocol):
    """What terms may read of the commands."""

    @property
    def terms(self) -> Mapping[str, Any]:
        """The command terms by name, each of its own class, for what the vector does not say."""
        ...

    def get(self, name: str) -> torch.Tensor:
        """Return the present value of a command, `(num_envs, dim)`.

        Raises:
            UsageError: for a name that the task does not have.
        """
        ...


class Terminations(Protocol):
    """What terms may read of how the episodes end. Valid for rewards and metrics, which come after terminations."""

    @property
    def terminated(self) -> torch.Tensor:
        """Envs whose episode ends for good in this step, bool `(num_envs,)`."""
        ...

    @property
    def truncated(self) -> torch.Tensor:
        """Envs that are out of time, bool `(num_envs,)`; both may be true."""
        ...


class TermEnv(Protocol):
    """What a term may use of its environment; any environment with a scene has it.

        def overspeed(env: TermEnv, limit: float, asset: SceneEntity = ROBOT) -> torch.Tensor:
            return (asset.robot.base_lin_vel.norm(dim=1) - limit).clamp(min=0.0)

    A task names the function: `RewardTermCfg(func=overspeed, params={"limit": 1.0}, weight=-1.0)`.

    Attributes:
        success: Envs that have reached the task's goal, bool `(num_envs,)`. Tasks with a goal let one term assign it in
            each step; `None` until then.
    """

    success: torch.Tensor | None

    @property
    def num_envs(self) -> int:
        """Number of envs: the rows of every tensor."""
        ...

    @property
    def device(self) -> torch.device:
        """Where the tensors live."""
        ...

    @property
    def step_dt(self) -> float:
        """Length of a control step, s."""
        ...

    @property
    def max_episode_length(self) -> int:
        """Time limit, control steps."""
        ...

    @property
    def episode_length_buf(self) -> torch.Tensor:
        """Control steps since the reset, int64 `(num_envs,)`: the first observation sees 0, the first reward 1."""
        ...

    @property
    def common_step_counter(self) -> int:
        """Control steps since the environment was built."""
        ...

    @property
    def scene(self) -> Scene:
        """The scene: entities by name (`env.scene["cube"]`), `sensor(name)`, `ground`, `placement` on a terrain."""
        ...

    @property
    def random(self) -> RandomStreams:
        """Random numbers by name, the same whatever runs beside: `env.random.uniform("my_term", dim, mask)`."""
        ...

    @property
    def strata(self) -> Mapping[str, Bins]:
        """What evaluation episodes are sorted by; `env.random.stratum(name)` says in which bin each one is."""
        ...

    @property
    def action_manager(self) -> Actions:
        """The actions."""
        ...

    @property
    def command_manager(self) -> Commands:
        """The commands: `env.command_manager.get(name)`."""
        ...

    @property
    def termination_manager(self) -> Terminations:
        """How episodes end."""
        ...

    def nobody(self, mask: torch.Tensor) -> bool:
        """Return True when it is known without waiting for the device that `mask`, bool `(num_envs,)`, is empty."""
        ...
