"""A broken plugin costs only itself."""

from __future__ import annotations

import json
import sys

import pytest
from click.testing import CliRunner
from sample_packs import BROKEN, genelab, install, install_healthy

from genelab.api import RECORD_HOOKS
from genelab.cli import root
from genelab.plugins.candidates import installed_candidates
from genelab.plugins.catalog import KINDS, Catalog, discovered
from genelab.plugins.selection import Selection

EXPECTED = {
    "import-error": ("error", "it was not meant to be"),
    "sys-exit": ("error", "sys.exit(3)"),
    "wrong-signature": ("error", "config"),
    "raising-hook": ("error", "no robots today"),
    "invalid-record": ("error", "plain name"),
    "missing-dependency": ("error", "surely_not_installed"),
    "future-api": ("incompatible", "2.0"),
    "duplicate-id": ("conflict", "healthy"),
}


@pytest.fixture
def site(tmp_path, monkeypatch):
    install_healthy(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0].replace("_", "-") in {*BROKEN, "healthy"}]:
        del sys.modules[name]


def discover() -> Catalog:
    return Catalog(installed_candidates(), Selection())


@pytest.mark.parametrize("kind", BROKEN)
def test_a_failing_plugin_leaves_the_others_working(site, kind):
    before = discover()
    install(site, kind, BROKEN[kind])
    after = discover()
    status = next(plugin for plugin in after.plugins if plugin.name == kind)
    assert (status.status, EXPECTED[kind][1] in (status.problem or "")) == (EXPECTED[kind][0], True), status
    assert after.backends == before.backends
    assert after.exporters == before.exporters
    reachable = "healthy::Healthy-v0" if kind == "duplicate-id" else "Healthy-v0"
    assert after.task(reachable) == before.task("Healthy-v0")


@pytest.mark.parametrize("kind", [kind for kind in BROKEN if kind != "duplicate-id"])
def test_a_failing_plugin_contributes_nothing(site, kind):
    install(site, kind, BROKEN[kind])
    status = next(plugin for plugin in discover().plugins if plugin.name == kind)
    assert (status.hooks, status.ids, status.loaded) == ([], [], False)


def test_a_plugin_whose_second_hook_raises_loses_the_records_of_its_first(site):
    install(
        site,
        "raising-hook",
        "from genelab.api import CommandSpec, TaskSpec, hookimpl\nGENELAB_API = '1'\n\n"
        "@hookimpl\ndef genelab_commands():\n    return [CommandSpec(name='half', command='a:b')]\n\n"
        "@hookimpl\ndef genelab_tasks():\n    raise RuntimeError('late')\n",
    )
    assert "half" not in discover().commands


@pytest.fixture(scope="module")
def all_broken(tmp_path_factory):
    site = tmp_path_factory.mktemp("site")
    install_healthy(site)
    for kind, source in BROKEN.items():
        install(site, kind, source)
    return site


@pytest.mark.parametrize(
    "arguments", [(), ("--help",), ("list",), ("list", "tasks", "--json"), ("plugins",), ("doctor", "--help")]
)
def test_commands_work_beside_eight_broken_plugins(all_broken, arguments):
    done = genelab(*arguments, site=all_broken)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_a_command_that_needs_none_of_them_says_one_line_for_each_on_stderr(all_broken):
    done = genelab("list", "--json", site=all_broken)
    assert json.loads(done.stdout)["exporters"]
    assert all(line.startswith("warning: plugin ") for line in done.stderr.splitlines())
    assert len(done.stderr.splitlines()) == len(BROKEN) + 1  # the healthy pack is a party to the conflict


def test_what_a_plugin_prints_at_import_does_not_spoil_our_output(tmp_path):
    install(tmp_path, "chatty", "print('hello')\nGENELAB_API = '1'\n")
    done = genelab("list", "--json", site=tmp_path)
    assert json.loads(done.stdout)["exporters"]
    assert "hello" in done.stderr


def test_plugins_info_shows_the_traceback(all_broken):
    done = genelab("plugins", "info", "raising-hook", site=all_broken)
    assert done.returncode == 0
    assert "RuntimeError: no robots today" in done.stdout
    assert "in genelab_tasks" in done.stdout


def test_every_kind_of_record_is_listed_and_so_checked_by_plugins_doctor():
    catalog = discover()
    assert len({id(getattr(catalog, kind)) for kind in KINDS}) == len(RECORD_HOOKS)


def test_plugins_doctor_names_every_problem_and_fails(all_broken):
    done = genelab("plugins", "doctor", "--json", site=all_broken)
    assert done.returncode == 1
    found = {finding["plugin"] for finding in json.loads(done.stdout) if finding["severity"] == "error"}
    assert found >= set(BROKEN)


def test_an_unknown_task_names_the_plugins_that_may_have_provided_it(all_broken):
    done = genelab("info", "Somewhere-Else-v7", site=all_broken)
    assert done.returncode == 2
    assert "may have provided it" in done.stderr
    assert "sys-exit" in done.stderr
    assert "future-api" in done.stderr


def test_strict_mode_makes_any_problem_fatal_but_lets_plugins_look(all_broken):
    strict = {"GENELAB_STRICT_PLUGINS": "1"}
    done = genelab("list", site=all_broken, **strict)
    assert done.returncode == 1
    assert "raising-hook" in done.stderr
    assert genelab("plugins", site=all_broken, **strict).returncode == 0
    assert genelab("--help", site=all_broken, **strict).returncode == 0


def test_strict_mode_is_content_when_nothing_is_wrong(tmp_path):
    install_healthy(tmp_path)
    assert genelab("list", site=tmp_path, GENELAB_STRICT_PLUGINS="1").returncode == 0


@pytest.mark.parametrize("name", [spec.name for spec in discovered().own_commands])
def test_every_command_explains_itself(name):
    done = CliRunner().invoke(root, [name, "--help"])
    assert done.exit_code == 0, done.output
    assert "Usage:" in done.output
