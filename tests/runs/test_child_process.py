"""Functions called in a fresh interpreter."""

from __future__ import annotations

import os
import signal

import pytest

from genelab.plugins.child_process import Child
from genelab.utils.errors import GenelabError


def test_the_result_comes_back_as_json():
    assert Child("builtins:dict", {"a": [1, 2.5, None]}).result() == {"a": [1, 2.5, None]}


def test_variables_reach_the_child_and_stay_out_of_the_parent():
    child = Child("os:getenv", {"key": "GENELAB_TEST_WORD"}, {"GENELAB_TEST_WORD": "here"})
    assert child.result() == "here"
    assert "GENELAB_TEST_WORD" not in os.environ


def test_a_failure_is_an_error_that_says_what_the_child_said():
    with pytest.raises(GenelabError, match=r"status 1[\s\S]*sorted expected 1 argument"):
        Child("builtins:sorted", {"no_such": 1, "iterable": []}).result()


def test_closing_ends_a_child_that_still_runs():
    child = Child("signal:pause", {})
    process = child._process
    assert process.poll() is None
    child.close()
    assert process.returncode == -signal.SIGKILL
