"""The NVIDIA GPUs of this machine, counted without importing torch."""

from __future__ import annotations

import ctypes
import os

VISIBLE_GPUS = "CUDA_VISIBLE_DEVICES"


def visible_gpus() -> list[str]:
    """Return the GPUs that CUDA programs started here may use, as `CUDA_VISIBLE_DEVICES` names them.

    Without that variable they are numbered. As CUDA does, an index beyond the last GPU ends the list.
    """
    installed = _installed_gpus()
    chosen = os.environ.get(VISIBLE_GPUS)
    if chosen is None:
        return [str(index) for index in range(installed)]
    found: list[str] = []
    for name in filter(None, (part.strip() for part in chosen.split(","))):
        if installed == 0 or (name.lstrip("-").isdigit() and not 0 <= int(name) < installed):
            break
        found.append(name)
    return found


def _installed_gpus() -> int:
    """Return what NVIDIA's management library counts, 0 where there is no such library or driver."""
    try:
        nvml = ctypes.CDLL("libnvidia-ml.so.1")
    except OSError:
        return 0
    count = ctypes.c_uint(0)
    if nvml.nvmlInit_v2() != 0:
        return 0
    try:
        return count.value if nvml.nvmlDeviceGetCount_v2(ctypes.byref(count)) == 0 else 0
    finally:
        nvml.nvmlShutdown()
