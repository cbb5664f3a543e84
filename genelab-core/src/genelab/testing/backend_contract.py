"""What every backend must do."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch

from genelab.api import BackendSpec
from genelab.config.serialization import from_json, to_json
from genelab.export.policy import ExportedPolicy
from genelab.export.writing import export_policy
from genelab.plugins.catalog import get_catalog
from genelab.rl.backends.base import Backend, InferenceSetup, TrainContext, TrainResult
from genelab.rl.checkpoint import read_meta
from genelab.rl.config import BackendConfig
from genelab.rl.policy import ActorPolicy
from genelab.testing.fake_env import FakeVecEnv
from genelab.utils.errors import GenelabError
from genelab.utils.names import normalize
from genelab.utils.seeding import random_state, restore_random_state


class BackendContract:
    """Test a backend on the fake environment, with short trainings.

        class TestMyBackend(BackendContract):
            backend = "my_rl"

    What a backend need not have (exploration noise, event files) is skipped with the reason.

    Attributes:
        backend: The backend's name.
        iterations: Length of the trainings, in the backend's unit; the checkpoint half-way is resumed from.
        export_format: Format of the export test.
    """

    backend: ClassVar[str]
    iterations: ClassVar[int] = 2
    export_format: ClassVar[str] = "torchscript"

    def agent(self, env: FakeVecEnv) -> BackendConfig:
        """Return a small agent; override this when the default one is too large for a test."""
        return self._backend().default_config(env.cfg)

    def env(self) -> FakeVecEnv:
        """Return the environment."""
        return FakeVecEnv(8, max_episode_length=16, failure_steps=(3, 12), success_probability=0.7)

    @pytest.fixture(scope="class")
    @classmethod
    def log_dir(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        return tmp_path_factory.mktemp("straight")

    @pytest.fixture(scope="class")
    @classmethod
    def trained(cls, log_dir: Path) -> TrainResult:
        return cls()._train(log_dir, cls.iterations)

    def test_the_record_says_what_the_classes_are(self) -> None:
        spec, catalog = self._spec(), get_catalog()
        assert issubclass(catalog.load(spec, spec.backend), Backend)
        assert issubclass(catalog.load(spec, spec.config_type), BackendConfig)
        assert isinstance(self.agent(self.env()), catalog.load(spec, spec.config_type))

    def test_the_agent_survives_json(self) -> None:
        agent = self.agent(self.env())
        assert from_json(to_json(agent)) == agent

    def test_training_ends_where_it_was_told_to_with_a_checkpoint(self, trained: TrainResult, log_dir: Path) -> None:
        assert trained.iteration == self.iterations
        assert trained.env_steps > 0
        assert not trained.stopped
        listed = self._backend().checkpoints(log_dir)
        assert trained.checkpoint in listed
        assert all(path.suffix == self._spec().checkpoint_suffix for path in listed)

    def test_a_checkpoint_says_where_it_comes_from(self, trained: TrainResult) -> None:
        meta = read_meta(trained.checkpoint)
        assert normalize(meta["backend"]) == normalize(self.backend)
        assert meta["iteration"] == self.iterations
        assert meta["env_steps"] == trained.env_steps
        assert meta["task"] == "Fake-v0"
        assert meta["plugins"] == ["fake"]
        assert meta["versions"].keys() >= {"torch", "genelab-core", "fake-pack"}

    def test_a_loaded_actor_is_deterministic_and_has_the_right_widths(self, trained: TrainResult) -> None:
        env = self.env()
        first, second = self._load(trained, env), self._load(trained, env)
        assert first.action_dim == env.action_dim
        assert first.actor_input_dim == sum(env.observation_layout.groups[name].dim for name in first.obs_groups)
        env.raw_observations = True
        observations, _ = env.reset(seed=1)
        actions = [ActorPolicy(setup, env.observation_layout)(observations) for setup in (first, first, second)]
        assert torch.equal(actions[0], actions[1])
        assert torch.equal(actions[0], actions[2])
        assert actions[0].isfinite().all()

    def test_a_resumed_training_equals_a_straight_one(self, trained: TrainResult, tmp_path: Path) -> None:
        half = self._train(tmp_path, self.iterations // 2)
        draw_from_all_streams()  # another process would find them elsewhere
        whole = self._train(tmp_path, self.iterations, resume=half.checkpoint)
        assert (whole.iteration, whole.env_steps) == (trained.iteration, trained.env_steps)
        self._require_equal_actors(trained, whole)

    def test_an_abandoned_continuation_is_replaced_and_each_iteration_logged_once(
        self, trained: TrainResult, tmp_path: Path
    ) -> None:
        reported: list[tuple[int, int]] = []

        def on_iteration(iteration: int, env_steps: int, scalars: dict[str, float]) -> None:
            assert all(isinstance(value, float) for value in scalars.values())
            reported.append((iteration, env_steps))

        self._train(tmp_path, self.iterations, on_iteration=on_iteration)
        straight, reported[:] = list(reported), []
        first = self._backend().checkpoints(tmp_path)[0]
        again = self._train(tmp_path, self.iterations, resume=first, on_iteration=on_iteration)
        assert reported == [entry for entry in straight if entry[0] > read_meta(first)["iteration"]]
        assert straight[-1] == (again.iteration, again.env_steps)
        self._require_equal_actors(trained, again)
        steps = _logged_steps(tmp_path)
        if steps is None:
            pytest.skip("the backend writes no event files")
        assert steps and all(logged == sorted(set(logged)) for logged in steps)

    def test_observers_hear_of_each_checkpoint_and_change_nothing(self, trained: TrainResult, tmp_path: Path) -> None:
        told: list[tuple[str, int, Path]] = []

        def notify(kind: str, **data: Any) -> None:
            told.append((kind, data["iteration"], Path(data["path"])))
            draw_from_all_streams()

        watched = self._train(tmp_path, self.iterations, notify=notify)
        assert {kind for kind, _, _ in told} == {"checkpoint_saved"}
        assert [path for _, _, path in told] == self._backend().checkpoints(tmp_path)
        assert told[-1][1] == watched.iteration
        self._require_equal_actors(trained, watched)

    def test_a_warm_start_begins_elsewhere_and_counts_anew(self, trained: TrainResult, tmp_path: Path) -> None:
        warm = self._train(tmp_path, self.iterations, warm_start=trained.checkpoint)
        assert (warm.iteration, warm.env_steps) == (trained.iteration, trained.env_steps)
        first, second = (self._load(result, self.env()).actor.state_dict() for result in (trained, warm))
        assert not all(torch.equal(first[name], second[name]) for name in first)

    def test_evaluations_during_a_training_change_nothing_in_it(self, trained: TrainResult, tmp_path: Path) -> None:
        path = tmp_path / f"policy{self._spec().checkpoint_suffix}"
        seen = []

        def evaluate(iteration: int, env_steps: int, write: Callable[[Path], None]) -> dict[str, float]:
            streams, env = random_state(), self.env()
            write(path)
            env.raw_observations = True
            observations, _ = env.reset(seed=1)
            setup = self._backend().load(path, self.agent(env), env)
            env.step(ActorPolicy(setup, env.observation_layout)(observations))
            restore_random_state(streams)
            seen.append((iteration, env_steps))
            return {"Eval/return_mean": 0.0}

        watched = self._train(tmp_path, self.iterations, evaluate=evaluate)
        assert seen[-1] == (trained.iteration, trained.env_steps)
        assert [iteration for iteration, _ in seen] == sorted({iteration for iteration, _ in seen})
        self._require_equal_actors(trained, watched)

    def test_training_stops_when_asked_to(self, tmp_path: Path) -> None:
        result = self._train(tmp_path, 1000 * self.iterations, should_stop=lambda: True)
        assert result.stopped
        assert result.iteration < 1000 * self.iterations
        assert result.checkpoint.is_file()
        more = self._train(tmp_path, result.iteration + 1, resume=result.checkpoint)
        assert more.iteration > result.iteration and not more.stopped

    def test_a_training_that_breaks_down_leaves_no_broken_policy(self, tmp_path: Path) -> None:
        """It may end with a `GenelabError`, the best, or never take such numbers in."""
        with suppress(GenelabError):
            self._train(tmp_path, self.iterations, wrap=_NanRewards)
        for path in self._backend().checkpoints(tmp_path):
            env = self.env()
            weights = self._backend().load(path, self.agent(env), env).actor.state_dict().values()
            assert all(bool(torch.isfinite(value).all()) for value in weights)

    def test_without_a_logger_no_event_files_are_written(self, tmp_path: Path) -> None:
        self._train(tmp_path, max(1, self.iterations // 2), logger="none")
        assert not list(tmp_path.rglob("*tfevents*"))

    def test_the_exploration_noise_of_an_actor_can_be_sampled(self, trained: TrainResult) -> None:
        setup = self._load(trained, self.env())
        if setup.sample is None:
            pytest.skip("the actor has no exploration noise")
        inputs = [torch.randn(1, setup.actor_input_dim).expand(1000, -1)]
        if setup.recurrent is not None:
            shape = (setup.recurrent.num_layers, 1000, setup.recurrent.hidden_dim)
            inputs += [torch.zeros(shape) for _ in setup.recurrent.states]
        output = setup.sample(*inputs)
        actions = output if setup.recurrent is None else output[0]
        assert actions.shape == (1000, setup.action_dim)
        assert not actions.requires_grad
        assert (actions.std(dim=0) > 0.0).all()

    def test_a_truncated_checkpoint_is_refused(self, trained: TrainResult, tmp_path: Path) -> None:
        broken = tmp_path / trained.checkpoint.name
        broken.write_bytes(trained.checkpoint.read_bytes()[:-100])
        env = self.env()
        with pytest.raises(GenelabError):
            self._backend().load(broken, self.agent(env), env)

    def test_a_file_that_would_run_code_is_refused_and_runs_nothing(self, tmp_path: Path) -> None:
        path, proof, env = tmp_path / f"poison{self._spec().checkpoint_suffix}", tmp_path / "executed", self.env()
        torch.save({"policy": RunsCommand(f"touch {proof}")}, path)
        with pytest.raises(GenelabError):
            self._backend().load(path, self.agent(env), env)
        assert not proof.exists()

    def test_a_checkpoint_for_other_observations_is_refused(self, trained: TrainResult) -> None:
        other = FakeVecEnv(2, action_dim=3)
        with pytest.raises(GenelabError):
            self._backend().load(trained.checkpoint, self.agent(self.env()), other)

    def test_an_exported_policy_acts_as_the_checkpoint_does(self, trained: TrainResult, tmp_path: Path) -> None:
        env, catalog = self.env(), get_catalog()
        setup = self._load(trained, env)
        spec = catalog.exporter(self.export_format)
        path = tmp_path / f"policy{spec.suffix}"
        exporter = catalog.load(spec, spec.exporter)()
        export_policy(setup, env, path, task="Fake-v0", exporter=exporter, format=spec.format)
        env.raw_observations = True
        observations, _ = env.reset(seed=2)
        expected = ActorPolicy(setup, env.observation_layout)(observations)
        torch.testing.assert_close(ExportedPolicy(path)(observations), expected, rtol=0, atol=1e-5)

    def _spec(self) -> BackendSpec:
        return get_catalog().backend(self.backend)

    def _backend(self) -> Backend:
        spec = self._spec()
        return get_catalog().load(spec, spec.backend)()

    def _load(self, result: TrainResult, env: FakeVecEnv) -> InferenceSetup:
        return self._backend().load(result.checkpoint, self.agent(env), env)

    def _require_equal_actors(self, first: TrainResult, second: TrainResult) -> None:
        weights = [self._load(result, self.env()).actor.state_dict() for result in (first, second)]
        assert weights[0].keys() == weights[1].keys()
        assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])

    def _train(
        self,
        log_dir: Path,
        iterations: int,
        *,
        logger: str = "tensorboard",
        wrap: Callable[[Any], Any] = lambda env: env,
        **context: Any,
    ) -> TrainResult:
        """Train in `log_dir`; that torch is left as it was found is looked at each time."""
        torch.manual_seed(0)
        env = self.env()
        agent = self.agent(env)
        agent.save_interval, agent.logger = max(1, self.iterations // 2), logger
        meta = {"task": "Fake-v0", "plugins": ["fake"], "versions": {"fake-pack": "1"}}
        settings = _process_wide_settings()
        result = self._backend().train(
            TrainContext("Fake-v0", wrap(env), agent, log_dir, iterations, checkpoint_meta=meta, **context)
        )
        assert _process_wide_settings() == settings, "the training changed torch for the whole process"
        return result


def draw_from_all_streams() -> None:
    """Move all process-wide random streams on, as observers, or another process, may have done."""
    torch.rand(5)
    np.random.rand(5)
    random.random()


class _NanRewards:
    """An environment whose rewards are NaN."""

    def __init__(self, env: Any) -> None:
        self._env = env

    def __getattr__(self, name: str) -> Any:
        return getattr(self._env, name)

    def step(self, actions: torch.Tensor) -> Any:
        observations, reward, *rest = self._env.step(actions)
        return observations, torch.full_like(reward, torch.nan), *rest


class RunsCommand:
    """Pickles to a call of `os.system`."""

    def __init__(self, command: str) -> None:
        self._command = command

    def __reduce__(self) -> Any:
        return os.system, (self._command,)


def _process_wide_settings() -> tuple[Any, ...]:
    return (
        torch.distributions.Distribution._validate_args,
        torch.get_num_threads(),
        torch.is_grad_enabled(),
        torch.get_default_dtype(),
    )


def _logged_steps(folder: Path) -> list[list[int]] | None:
    """Return the steps of each tag in the event files below `folder`, `None` if there are none."""
    if not list(folder.rglob("*tfevents*")):
        return None
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder)).Reload()
    return [[event.step for event in events.Scalars(tag)] for tag in events.Tags()["scalars"]]
