"""The contract of a launcher, and the local one."""

from __future__ import annotations

import os
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence


class Launcher(ABC):
    """Starts `genelab` commands as child processes, here or elsewhere."""

    @abstractmethod
    def launch(self, command: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        """Start `command` with `environment` added to the present one and return its handle."""


class LocalLauncher(Launcher):
    """Starts children on this machine."""

    def launch(self, command: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(list(command), env={**os.environ, **environment})
