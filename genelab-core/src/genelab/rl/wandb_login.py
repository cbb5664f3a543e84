"""Whether Weights & Biases may know who is there: answered before a simulator starts, without the library. Light."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_KEYS = ("WANDB_API_KEY", "WANDB_IDENTITY_TOKEN_FILE")
_MODES_WITHOUT_LOGIN = ("offline", "disabled", "dryrun")


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
