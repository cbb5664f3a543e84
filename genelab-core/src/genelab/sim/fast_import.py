"""Import Genesis in half the time.

Two patches of private functions, each behind a version guard and each measured with Genesis 1.4.5 and quadrants 1.3.3:

* quadrants asks `inspect` for the source line of the frame that applies each of some 1300 decorators, and `inspect`
  scans all loaded modules for that. Reading the line from `linecache` answers the same in 3 s less.
* Genesis asks `cpuinfo` for the processor's marketing name, 1.1 s, to print it in a banner that is switched off here.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import linecache
import os
import sys
from types import ModuleType

_TESTED = {"genesis-world": "1.4.", "quadrants": "1.3."}


def import_genesis() -> ModuleType:
    """Return the `genesis` module, with Python's own `sys.excepthook` left in place."""
    if "genesis" in sys.modules:
        return sys.modules["genesis"]
    tested = all(importlib.metadata.version(name).startswith(prefix) for name, prefix in _TESTED.items())
    tested = tested and os.environ.get("GENELAB_FAST_IMPORT", "1") != "0"
    hook = sys.excepthook
    # quadrants takes a redirected stdout for a notebook and would then copy a print buffer after every kernel launch.
    os.environ.setdefault("QD_ENABLE_PYBUF", "0")
    os.environ.setdefault("QD_LOG_LEVEL", "error")  # its warnings are about kernels of Genesis
    with contextlib.redirect_stdout(sys.stderr):
        if tested:
            _speed_up_decorators()
        import genesis
    sys.excepthook = hook
    if tested:
        _skip_processor_name()
    return genesis


def _speed_up_decorators() -> None:
    from quadrants.lang import kernel_impl

    statements = kernel_impl._KERNEL_CLASS_STACKFRAME_STMT_RES

    def inside_class(level_of_class_stackframe: int) -> bool:
        frame = sys._getframe(level_of_class_stackframe)
        line = linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()
        return any(pattern.match(line) for pattern in statements)

    kernel_impl._inside_class = inside_class  # pyright: ignore[reportAttributeAccessIssue]


def _skip_processor_name() -> None:
    from genesis.utils import misc

    misc.cpuinfo.get_cpu_info = lambda: {"brand_raw": "CPU"}
