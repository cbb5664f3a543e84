"""Copies scalars to Weights & Biases; the extra `wandb` of `genelab-core` brings the library."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path

from genelab.rl.remote_logs import RemoteLog, RemoteRun
from genelab.utils.errors import UsageError

_KEYS = ("WANDB_API_KEY", "WANDB_IDENTITY_TOKEN_FILE")
_MODES_WITHOUT_LOGIN = ("offline", "disabled", "dryrun")


class WandbLog(RemoteLog):
    """A run of Weights & Biases. The library's own variables (WANDB_MODE, WANDB_ENTITY, …) say where it goes.

    Its steps are iterations and only grow: what a continued run repeats, it ignores.
    """

    title = "Weights & Biases"
    library = "wandb"
    install = "genelab-core[wandb]"
    fix = "wandb login, or WANDB_MODE=offline"

    @classmethod
    def require_ready(cls) -> None:
        super().require_ready()
        if not may_log_in():
            raise UsageError(
                f"{cls.title} does not know who you are: there is no key and no terminal to ask for one",
                fix=f"{cls.fix}, or --agent.logger tensorboard",
            )

    def __init__(self, run: RemoteRun) -> None:
        import wandb

        self.id = run.known_id or secrets.token_hex(4)
        self._run = wandb.init(
            project=run.project,
            group=run.group,
            name=run.name,
            id=self.id,
            resume="allow",
            dir=run.folder,
            config=run.settings,
            settings=wandb.Settings(console="off", silent=True),
        )
        self.url = None if self._run.offline else self._run.url

    def write(self, iteration: int, scalars: dict[str, float]) -> None:
        self._run.log(scalars, step=iteration)

    def close(self, *, failed: bool) -> None:
        self._run.finish(exit_code=int(failed))


def may_log_in() -> bool:
    """Return whether the library needs no login, can ask for it, or finds a file that may hold one.

    What is in such a file is the library's business: only that there is one counts.
    """
    if os.environ.get("WANDB_MODE") in _MODES_WITHOUT_LOGIN or any(os.environ.get(name) for name in _KEYS):
        return True
    return sys.stdin.isatty() or any(path.expanduser().exists() for path in _files())


def _files() -> list[Path]:
    """Return where a login or the library's settings may lie."""
    settings = Path(os.environ.get("WANDB_CONFIG_DIR") or "~/.config/wandb") / "settings"
    logins = [Path(os.environ["NETRC"])] if os.environ.get("NETRC") else [Path("~/.netrc"), Path("~/_netrc")]
    return [*logins, settings, Path(os.environ.get("WANDB_DIR") or ".") / "wandb" / "settings"]
