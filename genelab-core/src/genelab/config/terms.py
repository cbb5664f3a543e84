"""Terms: the rows of a task's table. Each names a function (or class) and its arguments."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from genelab.config.base import FunctionRef, Params, configclass
from genelab.config.noise import NoiseCfg


@configclass
class SceneEntityCfg:
    """Names an entity and some of its joints or links; the managers turn the patterns into ids once.

    Attributes:
        name: Key in `SceneCfg.entities`.
        joints: Name patterns (full regular expressions) of actuated joints; `None` for all.
        links: Name patterns of links; `None` for all.
    """

    name: str = "robot"
    joints: tuple[str, ...] | None = None
    links: tuple[str, ...] | None = None


@configclass
class TermCfg:
    """A function `func(env, **params)`, or a class: built once, `func(env, **params)`, and called as `term(env)`.

    `env` is a `genelab.managers.term_env.TermEnv`. Values in `params` of type `SceneEntityCfg` are resolved first. A
    class whose constructor takes `(cfg, env)` is called as `term(env, **params)`; see
    `genelab.managers.term.ManagerTerm`.
    """

    func: FunctionRef
    params: Params = Field(default_factory=dict)


@configclass
class ObservationTermCfg(TermCfg):
    """Returns `(num_envs, dim)` or `(num_envs,)`. Order of operations: noise, scale, clip.

    Attributes:
        scale: One factor, or one for each element.
        clip: Bounds after scaling.
        noise: Added to the raw value when the group's `corrupt` is on.
        latency: Age of the observed value, control steps: drawn per env and episode in this inclusive range.
    """

    scale: float | tuple[float, ...] = 1.0
    clip: tuple[float, float] | None = None
    noise: NoiseCfg | None = None
    latency: tuple[int, int] = (0, 0)


@configclass
class ObservationGroupCfg:
    """Terms concatenated in declared order.

    Attributes:
        corrupt: Apply the terms' noise.
        history_length: Number of frames stacked, oldest first, each frame the whole group; 1 is the current frame.
    """

    terms: dict[str, ObservationTermCfg]
    corrupt: bool = False
    history_length: int = Field(default=1, ge=1)


@configclass
class RewardTermCfg(TermCfg):
    """Returns `(num_envs,)`. Contributes weight × value × control dt (`ManagerBasedRlEnvCfg.scale_rewards_by_dt`)."""

    weight: float


@configclass
class TerminationTermCfg(TermCfg):
    """Returns a bool `(num_envs,)`; ends the episode as truncated if `time_out`, else as terminated."""

    time_out: bool = False


@configclass
class EventTermCfg(TermCfg):
    """A change of the simulation: `func(env, mask, **params)` for the envs in `mask`, bool `(num_envs,)`.

    Attributes:
        mode: `"startup"` once after the scene is built, `"reset"` for finished envs, `"interval"` on a timer per env.
        interval_s: Range of the timer, s; drawn anew after each firing. Only for `"interval"`.
    """

    mode: Literal["startup", "reset", "interval"]
    interval_s: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if (self.mode == "interval") != (self.interval_s is not None):
            raise ValueError("interval_s belongs to mode 'interval', which needs it")


@configclass
class CurriculumTermCfg(TermCfg):
    """Called as `func(env, mask, **params)` before the envs in `mask` reset; returns a number, or a dict, to log."""


@configclass
class MetricTermCfg(TermCfg):
    """Returns `(num_envs,)`; averaged over the episode and logged."""


@configclass
class ActionTermCfg:
    """A slice of the action vector and what it drives."""

    entity: str = "robot"

    def build(self, env: Any) -> object:
        """Return the runtime term, a `genelab.managers.action_manager.ActionTerm`; `env` is a `TermEnv`."""
        raise NotImplementedError(f"{type(self).__name__} does not define build()")


@configclass
class CommandTermCfg:
    """A goal that changes over time.

    Attributes:
        resampling_s: Range of the time until a new command, s.
        components: Names of its elements, by which `--command` and the keyboard steer it; none for a kind of command
            whose elements have no names.
    """

    components: ClassVar[tuple[str, ...]] = ()

    resampling_s: tuple[float, float] = (10.0, 10.0)

    def build(self, env: Any) -> object:
        """Return the runtime term, a `genelab.managers.command_manager.CommandTerm`; `env` is a `TermEnv`."""
        raise NotImplementedError(f"{type(self).__name__} does not define build()")
