"""A known environment, policies and documents for the tests of this folder."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import jsonschema
import torch

from genelab.eval.document import Evaluation, PolicyRecord
from genelab.eval.protocol import EvalResult, evaluate_policy
from genelab.eval.report import Subject, build_report
from genelab.rl.policy import CallablePolicy, ZeroPolicy
from genelab.testing import FakeVecEnv
from genelab.utils.records import to_record

LIMIT = 10


def make_fake(num_envs: int, **settings: Any) -> FakeVecEnv:
    """Return an environment whose failures are short (1 to 3 of 10 steps), so that a biased collector shows."""
    return FakeVecEnv(num_envs, **{"max_episode_length": LIMIT, "failure_steps": (1, 3), **settings})


def run_zero(env: FakeVecEnv, episodes: int = 40, **settings: Any) -> EvalResult:
    return evaluate_policy(env, ZeroPolicy(2), episodes=episodes, **{"seed": 0, **settings})


def perfect(env: FakeVecEnv) -> CallablePolicy:
    return CallablePolicy(lambda observations: env.perfect_action(), 2)


def subject_of(env: FakeVecEnv, **settings: Any) -> Subject:
    return Subject(
        **{
            "task": "Fake-v0",
            "checkpoint": None,
            "policy": PolicyRecord(kind="zero"),
            "env_config": env.cfg,
            "environment": {"versions": {}, "hardware": {}},
            **settings,
        }
    )


def evaluation_of(env: FakeVecEnv, episodes: int = 40, **settings: Any) -> Evaluation:
    return build_report(run_zero(env, episodes, **settings), subject_of(env))


def check_schema(document: Any) -> None:
    """Raise unless `document` is plain JSON without NaN, of the shape that the package promises."""
    schema = json.loads(resources.files("genelab.eval").joinpath("eval.schema.json").read_text())
    plain = json.loads(json.dumps(to_record(document), allow_nan=False))
    jsonschema.Draft202012Validator(schema).validate(plain)


def zeros(observations: dict[str, torch.Tensor]) -> torch.Tensor:
    return torch.zeros(observations["policy"].shape[0], 2)
