"""`genelab doctor`: each check yields findings, and each finding the command that mends it."""

from __future__ import annotations

import json
import os
import platform
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

import click

from genelab.console.options.common import json_option
from genelab.plugins.catalog import discovered
from genelab.plugins.checks import check_plugins
from genelab.plugins.child_process import Child
from genelab.sim.viewer import require_display
from genelab.utils.errors import GenelabError
from genelab.utils.lazy import torch

GIB = 2**30
LIBRARIES = ("genelab-core", "torch", "genesis-world", "numpy", "gymnasium", "pydantic")
OSMESA = {"PYOPENGL_PLATFORM": "osmesa"}


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes:
        check: What was looked at.
        status: `"ok"`, `"note"` (works, but may surprise) or `"broken"`.
        detail: What was found.
        fix: The command that mends it.
    """

    check: str
    status: Literal["ok", "note", "broken"]
    detail: str
    fix: str | None = None


def check_versions() -> Iterator[Finding]:
    """Python and the libraries that the core stands on."""
    yield Finding("versions", "ok", f"python {platform.python_version()} on {platform.system()} {platform.machine()}")
    for name in LIBRARIES:
        try:
            yield Finding("versions", "ok", f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            yield Finding("versions", "broken", f"{name} is not installed", f"pip install {name}")


def check_plugin_set() -> Iterator[Finding]:
    """Plugins, their requirements and everything they refer to."""
    catalog = discovered()
    findings = check_plugins(catalog)
    for found in findings:
        status = "broken" if found.severity == "error" else "note"
        yield Finding("plugins", status, f"{found.plugin}: {found.problem}", found.fix)
    if not findings:
        yield Finding("plugins", "ok", f"{len(catalog.plugins)} plugins, {len(catalog.tasks)} tasks")


def check_device() -> Iterator[Finding]:
    """Where physics and policies run."""
    if torch.cuda.is_available():
        names = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
        yield Finding("device", "ok", f"GPU: {', '.join(names)}")
    elif shutil.which("nvidia-smi") is None:
        yield Finding("device", "ok", "CPU; there is no NVIDIA GPU driver here")
    elif torch.version.cuda is None:
        yield Finding(
            "device",
            "note",
            "CPU: there is a GPU driver, but this torch is built without CUDA",
            "install a CUDA build of torch",
        )
    else:
        yield Finding("device", "broken", "torch is built for CUDA but sees no GPU", "nvidia-smi")


def check_threads() -> Iterator[Finding]:
    """Genesis uses one CPU core; more torch threads slow it down on small tensors."""
    asked = os.environ.get("OMP_NUM_THREADS")
    if asked is None or asked == "1":
        yield Finding("threads", "ok", "torch uses one thread beside CPU physics")
    else:
        detail = f"OMP_NUM_THREADS={asked}: several torch threads slow CPU physics down"
        yield Finding("threads", "note", detail, "unset OMP_NUM_THREADS")


def kernel_cache() -> Path:
    """Return where Genesis' compiler keeps compiled kernels."""
    return Path(os.environ.get("QD_OFFLINE_CACHE_FILE_PATH") or Path.home() / ".cache" / "quadrants" / "qdcache")


def check_caches() -> Iterator[Finding]:
    """The kernel cache, without which every start compiles for 15 to 60 s."""
    path = kernel_cache()
    variable = "export QD_OFFLINE_CACHE_FILE_PATH=/a/writable/folder"
    if os.environ.get("QD_OFFLINE_CACHE") == "0":
        yield Finding("cache", "note", "QD_OFFLINE_CACHE=0: every start compiles all kernels", "unset QD_OFFLINE_CACHE")
        return
    existing = next(folder for folder in (path, *path.parents) if folder.exists())
    if not os.access(existing, os.W_OK):
        yield Finding("cache", "broken", f"kernel cache cannot be written: {path}", variable)
    elif existing != path:
        yield Finding(
            "cache", "note", "no kernel is compiled yet; the first start takes up to a minute", "genelab warmup"
        )
    else:
        size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
        yield Finding("cache", "ok", f"kernel cache {path}: {size / 2**20:.0f} MiB")


def check_disk() -> Iterator[Finding]:
    """Room for runs (here) and for kernels."""
    cache = next(folder for folder in (kernel_cache(), *kernel_cache().parents) if folder.exists())
    for purpose, folder in (("runs", Path.cwd()), ("kernel cache", cache)):
        free = shutil.disk_usage(folder).free / GIB
        if free < 0.2:
            yield Finding("disk", "broken", f"{free:.2f} GiB left for {purpose} in {folder}", f"du -sh {folder}/*")
        else:
            status = "ok" if free >= 2 else "note"
            yield Finding(
                "disk", status, f"{free:.1f} GiB left for {purpose}", None if free >= 2 else f"du -sh {folder}/*"
            )


def check_display() -> Iterator[Finding]:
    """The viewer; everything else works without a display."""
    try:
        require_display()
    except GenelabError:
        yield Finding(
            "viewer", "note", "no display: play needs --headless", "genelab play TASK --headless --video film.mp4"
        )
    else:
        yield Finding("viewer", "ok", "there is a display")


def check_simulation() -> Iterator[Finding]:
    """Simulate and render in processes of their own, because a broken OpenGL can end the process."""
    try:
        Child("genelab.doctor.checkup:simulate", {"render": False}).result()
        yield Finding("physics", "ok", "Genesis simulates")
    except GenelabError as error:
        yield Finding("physics", "broken", str(error), "pip install --force-reinstall genesis-world")
        return
    try:
        Child("genelab.doctor.checkup:simulate", {"render": True}).result()
        yield Finding("rendering", "ok", "OpenGL renders without a display")
        return
    except GenelabError as error:
        reason = str(error).strip().splitlines()[-1].strip()
    try:
        Child("genelab.doctor.checkup:simulate", {"render": True}, OSMESA).result()
    except GenelabError:
        install = "apt-get install libegl1 libegl-mesa0 libgl1-mesa-dri libgl1"
        yield Finding("rendering", "broken", f"neither EGL nor OSMesa renders: {reason}", install)
    else:
        yield Finding("rendering", "note", f"only OSMesa renders: {reason}", "export PYOPENGL_PLATFORM=osmesa")


def simulate(render: bool) -> dict[str, Any]:
    """Step an empty scene, and take a picture of it.

    Raises:
        GenelabError: if the picture is blank.
    """
    from genelab.config import SceneCfg, SimulationCfg
    from genelab.sim.genesis_scene import GenesisScene

    scene = GenesisScene(SceneCfg(), SimulationCfg(gpu=False), decimation=1, seed=0, render_envs=int(render))
    scene.step()
    if render and scene.render().std() == 0:
        raise GenelabError("the picture is blank")
    scene.close()
    return {"rendered": render}


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    check_versions,
    check_plugin_set,
    check_device,
    check_threads,
    check_caches,
    check_disk,
    check_display,
    check_simulation,
)


def check_installation(quick: bool = False) -> Iterator[Finding]:
    """Yield the findings of all checks; `quick` leaves out those that start Genesis (about 20 s)."""
    for check in CHECKS:
        if not (quick and check is check_simulation):
            yield from check()


@click.command(short_help="Check this installation.", epilog="Exit status 1 if anything is broken.")
@click.option("--quick", is_flag=True, help="Do not start Genesis (saves about 20 s).")
@json_option
def command(quick: bool, as_json: bool) -> int:
    """Check versions, plugins, device, threads, caches, disk, display, physics and rendering.

    Each finding that is not ok comes with the command that mends it.
    """
    findings = []
    for finding in check_installation(quick):
        findings.append(finding)
        if not as_json:
            click.echo(f"{finding.status:7}{finding.check:11}{finding.detail}")
            if finding.fix:
                click.echo(f"{'':18}fix: {finding.fix}")
    broken = sum(finding.status == "broken" for finding in findings)
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        click.echo(f"{broken} broken" if broken else "nothing is broken")
    return 1 if broken else 0
