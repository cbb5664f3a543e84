"""References outlive the modules that they name."""

from __future__ import annotations

import importlib

import pytest

import genelab
from genelab.utils.references import current, first_name, resolve


@pytest.fixture
def moved(monkeypatch):
    table = {
        "genelab.old_place": "genelab.utils.names",
        "genelab.torn_apart:NEAR": "genelab.utils.names:nearest",
        "genelab.torn_apart:ERROR": "genelab.utils.errors:GenelabError",
    }
    monkeypatch.setattr(genelab, "MOVED", table)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("genelab.old_place:nearest", "genelab.utils.names:nearest"),
        ("genelab.torn_apart:ERROR", "genelab.utils.errors:GenelabError"),
        ("genelab.utils.files:read_json", "genelab.utils.files:read_json"),
    ],
)
def test_an_old_reference_leads_to_the_object_where_it_is_now(moved, old, new):
    assert current(old) == new
    assert resolve(old) is resolve(new)


def test_the_first_name_of_what_has_moved_stays_the_same(moved):
    assert first_name("genelab.utils.errors:GenelabError") == "genelab.torn_apart:ERROR"
    assert first_name("genelab.utils.names:normalize") == "genelab.old_place:normalize"
    assert first_name("genelab.utils.files:read_json") == "genelab.utils.files:read_json"


def test_old_modules_can_still_be_imported(moved):
    assert importlib.import_module("genelab.old_place").nearest is resolve("genelab.utils.names:nearest")
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = importlib.import_module("genelab.torn_apart").nothing
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("genelab.never_was")


@pytest.mark.parametrize("old", [old for old in genelab.MOVED if ":" in old or old.count(".") > 1])
def test_everything_in_the_table_is_there(old):
    module, _, name = old.partition(":")
    found = importlib.import_module(module)
    if name:
        assert getattr(found, name) is not None
    else:
        importlib.import_module(genelab.MOVED[old])
