"""Check that a plugin module is light."""

from __future__ import annotations

import json
import subprocess
import sys

_PROBE = """
import importlib, json, sys, time
import genelab.api
before = set(sys.modules)
start = time.perf_counter()
importlib.import_module({module!r})
seconds = time.perf_counter() - start
print(json.dumps({{"ms": 1000 * seconds, "new": sorted(set(sys.modules) - before)}}))
"""


def assert_light_import(module: str, *, max_ms: float = 50.0, attempts: int = 3) -> None:
    """Import `module` in a child interpreter and check that it brought only itself and the standard library.

    Args:
        module: Dotted name of a plugin module.
        max_ms: Longest time of the import, ms; the fastest of `attempts` counts, as machines are busy at times.

    Raises:
        AssertionError: for any other third-party module (torch, numpy, an RL library, ...), or a slow import.
    """
    fastest = float("inf")
    for _ in range(attempts):
        probe = [sys.executable, "-c", _PROBE.format(module=module)]
        done = subprocess.run(probe, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"import {module} failed:\n{done.stderr}"
        result = json.loads(done.stdout.splitlines()[-1])
        own = {module.partition(".")[0], "genelab", *sys.stdlib_module_names}
        foreign = sorted({name.partition(".")[0] for name in result["new"]} - own)
        assert not foreign, (
            f"import {module} loads {', '.join(foreign)}: refer to them by 'package.module:name' instead"
        )
        fastest = min(fastest, result["ms"])
        if fastest <= max_ms:
            return
    raise AssertionError(f"import {module} takes {fastest:.0f} ms, more than {max_ms:.0f} ms")
