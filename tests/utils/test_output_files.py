"""Where results may be written is checked before the work begins."""

from __future__ import annotations

import os

import pytest

from genelab.utils.errors import UsageError
from genelab.utils.files import check_output


def test_a_new_file_in_a_new_folder_is_fine_and_nothing_is_made(tmp_path):
    check_output(tmp_path / "a" / "b" / "eval.json")
    assert list(tmp_path.iterdir()) == []


def test_an_existing_file_needs_force_and_the_message_names_the_option(tmp_path):
    (tmp_path / "film.mp4").write_text("")
    check_output(tmp_path / "film.mp4", force=True)
    with pytest.raises(UsageError, match="exists already") as caught:
        check_output(tmp_path / "film.mp4", option="--video")
    assert caught.value.fix is not None and "--video" in caught.value.fix


def test_a_file_in_the_place_of_a_folder_is_refused(tmp_path):
    (tmp_path / "a").write_text("")
    with pytest.raises(UsageError, match="is a file"):
        check_output(tmp_path / "a" / "b" / "eval.json")


def test_a_folder_that_cannot_be_written_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path)  # root may write everywhere
    with pytest.raises(UsageError, match="no permission"):
        check_output(tmp_path / "new" / "eval.json")
