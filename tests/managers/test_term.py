"""How terms get their parameters, as functions, as classes built with them, and as classes of the older kind."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from stub_env import Count, StubEnv

from genelab.config import SceneEntityCfg
from genelab.config.terms import TermCfg
from genelab.entities.articulation import Articulation
from genelab.managers.term import ManagerTerm, SceneEntity, load_terms_state, make_term, terms_state
from genelab.utils.errors import UsageError

ROBOT: Any = SceneEntityCfg(name="robot", joints=("hip", "knee"))


class Leg(Articulation):
    """A robot of three joints without a simulator."""

    joint_names, link_names = ("hip", "knee", "ankle"), ("trunk", "foot")

    def __init__(self) -> None:
        self.name = "leg"


def joints(env: StubEnv, offset: float, asset: SceneEntity = ROBOT) -> tuple[float, SceneEntity]:
    return offset, asset


class Built(ManagerTerm):
    def __init__(self, env: StubEnv, *, offset: float, asset: SceneEntity = ROBOT) -> None:
        self.answer = offset, asset

    def __call__(self, env: StubEnv) -> tuple[float, SceneEntity]:
        return self.answer


class Called(ManagerTerm):
    """As terms were written before: the row of the table at first, the parameters with each call."""

    def __init__(self, cfg: TermCfg, env: Any) -> None:
        super().__init__(cfg, env)
        self.rows = env.num_envs + len(cfg.params)

    def __call__(self, env: StubEnv, offset: float, asset: SceneEntity = ROBOT) -> tuple[float, SceneEntity]:
        return offset, asset


KINDS = pytest.mark.parametrize("func", [joints, Built, Called])


@pytest.fixture
def env() -> Any:
    env = StubEnv()
    env.scene = {"robot": Leg(), "other": Leg()}
    return env


@KINDS
def test_parameters_reach_the_term_with_entities_resolved(env: Any, func: Any) -> None:
    term = make_term("x", TermCfg(func=func, params={"offset": 2.0}), env, kind="rewards")
    offset, asset = term(env)
    assert offset == 2.0
    assert (asset.entity, asset.joints, asset.links) == (env.scene["robot"], slice(0, 2), slice(None))
    named = SceneEntityCfg(name="other", joints=("ankle", "hip"), links=("foot",))
    _, asset = make_term("x", TermCfg(func=func, params={"offset": 2.0, "asset": named}), env, kind="rewards")(env)
    assert (asset.entity, asset.joints, asset.links) == (env.scene["other"], [0, 2], slice(1, 2))


@KINDS
def test_a_term_says_what_it_is_made_from(env: Any, func: Any) -> None:
    described = make_term("x", TermCfg(func=func, params={"offset": 2.0}), env, kind="rewards").describe()
    asset = {"entity": "robot", "joints": ["hip", "knee"], "links": ["trunk", "foot"]}
    assert described == {"kind": f"{__name__}:{func.__name__}", "params": {"offset": 2.0, "asset": asset}}


@KINDS
@pytest.mark.parametrize(
    ("params", "message"),
    [({}, "missing a required argument: 'offset'"), ({"offset": 1.0, "more": 2.0}, "unexpected .* 'more'")],
)
def test_parameters_that_do_not_fit_are_refused_before_anything_is_built(env, func, params, message) -> None:
    env.scene, env.num_envs = {}, None  # whoever is built or looks for its robot fails
    with pytest.raises(UsageError, match=message) as refused:
        make_term("x", TermCfg(func=func, params=params), env, kind="rewards")
    assert refused.value.where == "rewards.x.params"
    assert refused.value.fix == f"{func.__name__} takes offset, asset"


def test_a_term_of_the_older_kind_is_built_with_its_row(env: Any) -> None:
    assert make_term("x", TermCfg(func=Called, params={"offset": 2.0}), env, kind="rewards").call.rows == 5


def test_terms_of_one_name_in_two_groups_each_get_their_own_state_back(env: Any) -> None:
    rows = [TermCfg(func=Count, params={"step": 3.0}), TermCfg(func=len), TermCfg(func=Count, params={"step": 7.0})]
    terms, fresh = ([make_term("cue", row, env, kind="observations") for row in rows] for _ in range(2))
    terms[0](env), terms[2](env)
    load_terms_state(fresh, terms_state(terms))
    assert [term.call.total.tolist() for term in (fresh[0], fresh[2])] == [[3.0] * 4, [7.0] * 4]
    assert torch.equal(fresh[0](env), terms[0](env))
