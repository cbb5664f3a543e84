"""Where a policy comes from: a checkpoint, a run directory, an exported file, `zero`, `random` or `expert`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from genelab.config.overrides import apply_overrides
from genelab.export.artifact import Artifact
from genelab.export.metadata import metadata_path
from genelab.export.policy import ExportedPolicy
from genelab.plugins.catalog import get_catalog
from genelab.plugins.tasks import LoadedTask, is_registered, load_task
from genelab.rl.backends.base import load_backend
from genelab.rl.checkpoint import Checkpoint, open_checkpoint, require_layout
from genelab.rl.policy import ActorPolicy, Policy, RandomPolicy, ZeroPolicy
from genelab.runs.provenance import config_differences, contributors, version_differences, versions
from genelab.runs.run_dir import RunDir, load_run, newest_checkpoint, open_run_dir, run_dir_of
from genelab.utils.errors import UsageError
from genelab.utils.names import normalize

if TYPE_CHECKING:
    from genelab.api import TaskSpec
    from genelab.envs.vec_env import VecEnv
    from genelab.rl.expert import Expert


@dataclass
class PolicySource:
    """A policy that can be made for an environment, and the configs of that environment.

    Attributes:
        kind: What it is.
        file: The checkpoint or exported file, opened once for all who need it; `None` for the others.
        run_dir: The run that the file lies in, if it does: then `loaded` holds that run's own configs.
        loaded: The task and its configs.
        differences: What has changed since the run was made, one line each.
    """

    kind: Literal["checkpoint", "export", "zero", "random", "expert"]
    file: Checkpoint | Artifact | None
    run_dir: Path | None
    loaded: LoadedTask
    differences: list[str] = field(default_factory=list)

    @property
    def path(self) -> Path | None:
        """Where the file lies."""
        return None if self.file is None else self.file.path

    def policy(self, env: VecEnv, deterministic: bool = True, seed: int = 0) -> Policy:
        """Make the policy for `env`.

        Args:
            env: The environment it will act in.
            deterministic: `False` samples with the exploration noise of training.
            seed: Of the `random` policy.

        Raises:
            GenelabError: for a file that does not load, or was made for another observation layout or control step.
        """
        action_dim = env.action_dim
        if self.kind == "zero":
            return ZeroPolicy(action_dim)
        if self.kind == "random":
            return RandomPolicy(action_dim, seed)
        if self.kind == "expert":
            return make_expert(self.loaded.spec, env)
        if isinstance(self.file, Artifact):
            self.file.check_control_dt(env.step_dt)
            return ExportedPolicy(self.file, env.observation_layout)
        assert self.file is not None
        setup = load_backend(self.loaded.require_backend()).load(self.file.path, self.loaded.cfg.agent, env)
        require_layout(self.file.path, self.file.metadata, env.observation_layout, setup.obs_groups)
        return ActorPolicy(setup, env.observation_layout, deterministic)


def make_expert(spec: TaskSpec, env: VecEnv) -> Expert:
    """Make the task's expert for `env`.

    Raises:
        UsageError: if the task has none.
    """
    if spec.expert is None:
        raise UsageError(f"{spec.id} has no expert", fix="name a checkpoint, a run directory, zero or random")
    return get_catalog().load(spec, spec.expert)(env)


def open_source(
    task_id: str, what: str | Path, *, overrides: Sequence[tuple[str, str]] = (), trust: bool = False
) -> PolicySource:
    """Find out what `what` is and load the configs that belong to it.

    Args:
        task_id: The task that the user named.
        what: A checkpoint, a run directory, an exported file, `zero`, `random` or `expert`.
        overrides: Dotted overrides for the configs.
        trust: Let a run's configs name code outside the installed plugins.

    Raises:
        UsageError: if there is no such thing, or it belongs to another task.
    """
    name = str(what)
    if name in ("zero", "random", "expert"):
        return PolicySource(name, None, None, load_task(task_id, overrides=list(overrides)))
    path = Path(what)
    run = run_dir_of(path)
    if run is None:
        get_catalog().task(task_id)
    if path.is_dir():
        return _from_run(task_id, None, open_run_dir(path), overrides, trust)
    if not path.is_file():
        raise UsageError(
            f"no such checkpoint: {path}",
            fix="name a checkpoint, a run directory, an exported file, zero, random or expert",
        )
    if run is not None:
        return _from_run(task_id, path, run, overrides, trust)
    return _from_file(task_id, path, overrides)


def _from_run(
    task_id: str, path: Path | None, run: RunDir, overrides: Sequence[tuple[str, str]], trust: bool
) -> PolicySource:
    """Use the run's own configs, and say what has changed since; without `path`, take its last checkpoint."""
    loaded = load_run(run, task_id, trust=trust)
    if path is None:
        path = newest_checkpoint(load_backend(loaded.require_backend()), run)
    file = _open(task_id, path)
    differences = _differences(run, loaded)
    loaded.cfg = apply_overrides(loaded.cfg, list(overrides))
    return PolicySource(_kind(file), file, run.path, loaded, differences)


def _differences(run: RunDir, loaded: LoadedTask) -> list[str]:
    if not is_registered(loaded.spec.id):
        return [f"task {loaded.spec.id} is not registered any more"]
    backend = loaded.require_backend()
    today = load_task(loaded.spec.id, backend=backend.name)
    used = contributors(get_catalog(), [loaded.spec, backend])
    recorded = run.provenance()["versions"]
    return [
        *version_differences(recorded, versions([plugin["distribution"] for plugin in used])),
        *config_differences(loaded.cfg, today.cfg),
    ]


def _from_file(task_id: str, path: Path, overrides: Sequence[tuple[str, str]]) -> PolicySource:
    """Use today's configs: the file lies in no run."""
    file = _open(task_id, path)
    backend = _backend_of(task_id, file) if isinstance(file, Checkpoint) else None
    return PolicySource(_kind(file), file, None, load_task(task_id, backend=backend, overrides=list(overrides)))


def _open(task_id: str, path: Path) -> Checkpoint | Artifact:
    """Open a policy's file before the simulator starts. Exported files are known by their metadata, else by the suffix.

    Raises:
        UsageError: for a file of another task.
        GenelabError: for one that is not as it was written.
    """
    suffixes = {spec.suffix for spec in get_catalog().exporters.values()}
    exported = metadata_path(path).exists() or path.suffix in suffixes
    file = Artifact.open(path) if exported else open_checkpoint(path)
    made_for = file.metadata.get("task", task_id)
    if normalize(made_for) != normalize(task_id.rpartition("::")[2]):
        raise UsageError(f"{path.name} is a policy for {made_for}, not for {task_id}", where=str(path))
    return file


def _kind(file: Checkpoint | Artifact) -> Literal["checkpoint", "export"]:
    return "checkpoint" if isinstance(file, Checkpoint) else "export"


def _backend_of(task_id: str, file: Checkpoint) -> str:
    """Return the backend that wrote a checkpoint.

    That is what its sidecar says; without one, the backend that uses this suffix, and among several the task's default.
    """
    if "backend" in file.metadata:
        return file.metadata["backend"]
    path = file.path
    catalog = get_catalog()
    spec = catalog.task(task_id)
    fitting = [backend.name for backend in catalog.backends.values() if backend.checkpoint_suffix == path.suffix]
    agents = {normalize(name) for name in spec.agents}
    candidates = [name for name in fitting if normalize(name) in agents] or fitting
    defaults = [name for name in candidates if normalize(name) == normalize(spec.default_backend or "")]
    chosen = defaults or candidates
    if len(chosen) != 1:
        raise UsageError(
            f"cannot tell which backend wrote {path.name}"
            + (f": {', '.join(sorted(chosen))} all write {path.suffix} files" if chosen else ""),
            where=str(path),
            fix="keep it in its run directory, or keep its .meta.json beside it",
        )
    return chosen[0]
