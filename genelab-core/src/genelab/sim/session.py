"""The Genesis process: one device, precision and seed for all scenes in it."""

from __future__ import annotations

import logging
import os
import sys
from dataclasses import dataclass
from types import ModuleType

import torch

from genelab.config.simulation import SimulationCfg
from genelab.sim.fast_import import import_genesis
from genelab.utils.errors import GenelabError, UsageError
from genelab.utils.seeding import seed_random_streams


@dataclass(frozen=True)
class Session:
    """What was chosen when Genesis was initialised."""

    gs: ModuleType
    gpu: bool
    precision: str
    performance_mode: bool

    @property
    def device(self) -> torch.device:
        return torch.device("cuda:0" if self.gpu else "cpu")


_current: Session | None = None
_live_scenes = 0


def wants_gpu(gpu: bool | None) -> bool:
    """Turn the config's choice (`None` for "when there is one") into a decision.

    Raises:
        UsageError: if a GPU is asked for and torch sees none.
    """
    available = torch.cuda.is_available()
    if gpu and not available:
        raise UsageError(
            "a GPU was asked for and torch sees none",
            where="simulation.gpu",
            fix="leave --gpu out to run on the CPU, or install a CUDA build of torch (`genelab doctor` tells more)",
        )
    return available if gpu is None else gpu


def start_session(cfg: SimulationCfg, seed: int) -> Session:
    """Initialise Genesis for `cfg`, or reuse the running session if it fits, and seed everything.

    On a CPU, torch is held to one thread unless OMP_NUM_THREADS says otherwise: physics runs on one core and the small
    tensors of an environment step lose more to thread barriers than they gain.

    Raises:
        GenelabError: if scenes are open in a session with another device, precision or performance mode.
    """
    global _current
    gpu = wants_gpu(cfg.gpu)
    wanted = (gpu, cfg.precision, cfg.performance_mode)
    if _current is not None and (_current.gpu, _current.precision, _current.performance_mode) != wanted:
        if _live_scenes:
            raise GenelabError(
                "this process already simulates with another device, precision or performance mode",
                where=f"open: {_current.gpu=}, {_current.precision=}, {_current.performance_mode=}",
                fix="close those environments first, or use a process of its own",
            )
        _current.gs.destroy()
        _current = None
    if _current is None:
        _current = _initialise(cfg, gpu, seed)
    seed_random_streams(seed)  # Genesis itself draws no random numbers in rigid-body stepping
    return _current


def _initialise(cfg: SimulationCfg, gpu: bool, seed: int) -> Session:
    if not gpu and "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(1)
    gs = import_genesis()
    gs.init(
        backend=gs.cuda if gpu else gs.cpu,
        precision=cfg.precision,
        seed=seed % 2**31,  # it takes a signed 32-bit number
        logging_level=os.environ.get("GENELAB_GENESIS_LOG", "warning"),
        performance_mode=cfg.performance_mode,
    )
    gs.logger.handler.setStream(sys.stderr)
    gs.logger.addFilter(_concerns_us)
    return Session(gs, gpu, cfg.precision, cfg.performance_mode)


def _concerns_us(record: logging.LogRecord) -> bool:
    """Drop the warning that the model file's zero pose is beyond joint limits: a reset sets the config's own pose."""
    return "Neutral robot position" not in record.getMessage()


def scene_opened() -> None:
    """Count a scene that now lives in this session."""
    global _live_scenes
    _live_scenes += 1


def scene_closed() -> None:
    """Count a scene out."""
    global _live_scenes
    _live_scenes -= 1
