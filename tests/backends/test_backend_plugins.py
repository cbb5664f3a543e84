"""What the backends' distributions say of themselves, and what that costs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from genelab.plugins.catalog import get_catalog

PACKAGES = ("genelab_backend_rslrl", "genelab_backend_sb3", "genelab_backend_skrl")
LIGHT = [f"{package}.{module}" for package in PACKAGES for module in ("plugin", "config", "backend")]


@pytest.mark.parametrize("module", [*LIGHT, "genelab_backend_sb3.extra_kwargs"])
def test_what_commands_without_training_import_is_light(module):
    code = f"""
import sys
import {module}
heavy = ("torch", "numpy", "genesis", "rsl_rl", "tensordict", "skrl", "stable_baselines3", "gymnasium")
print([name for name in heavy if name in sys.modules], "pydantic" in sys.modules)
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["[]", str(not module.endswith(".plugin"))]


@pytest.mark.parametrize(
    ("name", "suffix", "capability", "package"),
    [
        ("rsl_rl", ".pt", "distributed", "genelab_backend_rslrl"),
        ("sb3", ".zip", "dict_observations", "genelab_backend_sb3"),
        ("skrl", ".pt", "off_policy", "genelab_backend_skrl"),
    ],
)
def test_each_distribution_registers_its_backend(name, suffix, capability, package):
    spec = get_catalog().backend(name)
    assert (spec.name, spec.checkpoint_suffix) == (name, suffix)
    assert capability in spec.capabilities
    assert get_catalog().owner(spec).package == package
