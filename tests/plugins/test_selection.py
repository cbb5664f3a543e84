"""Which plugins take part."""

from __future__ import annotations

import os

import pytest
from sample_packs import BROKEN, TASK_PACK, genelab, install, install_healthy

from genelab.api import TaskSpec
from genelab.plugins.candidates import extra_candidates
from genelab.plugins.catalog import Catalog
from genelab.plugins.selection import Selection, add_extra_plugins
from genelab.testing import in_memory_plugin
from genelab.utils.errors import GenelabError


def task(name: str) -> TaskSpec:
    return TaskSpec(id=name, config="genelab.config:TaskCfg")


def catalog_of(*plugins, **selection) -> Catalog:
    return Catalog(plugins, Selection(**selection))


ALPHA = in_memory_plugin("alpha", [task("A-v0")], distribution="alpha-dist")
BETA = in_memory_plugin("beta", [task("B-v0")], distribution="beta-dist", version="1.0")


@pytest.mark.parametrize("name", ["alpha", "alpha-dist", "Alpha_Dist"])
def test_the_allow_list_takes_entry_point_and_distribution_names(name):
    assert set(catalog_of(ALPHA, BETA, allow=(name,)).tasks) == {"A-v0"}


def test_the_disable_list_wins_over_the_allow_list():
    catalog = catalog_of(ALPHA, BETA, allow=("alpha", "beta"), disable=("beta",))
    assert set(catalog.tasks) == {"A-v0"}
    assert [plugin.status for plugin in catalog.plugins] == ["ok", "disabled"]


def test_a_disabled_plugin_is_not_imported(tmp_path):
    marker = tmp_path / "imported"
    install(tmp_path, "nosy", f"open({str(marker)!r}, 'w')\nGENELAB_API = '1'\n")
    genelab("list", site=tmp_path, GENELAB_DISABLE_PLUGINS="nosy")
    assert not marker.exists()
    genelab("list", site=tmp_path)
    assert marker.exists()


def test_a_plugin_of_another_api_is_not_imported(tmp_path):
    marker = tmp_path / "imported"
    install(tmp_path, "future", f"open({str(marker)!r}, 'w')\nGENELAB_API = '2'\n")
    assert "incompatible" in genelab("plugins", site=tmp_path).stdout
    assert not marker.exists()


def test_the_allow_list_keeps_the_core(tmp_path):
    install_healthy(tmp_path)
    done = genelab("list", site=tmp_path, GENELAB_PLUGINS="healthy")
    assert "torchscript" in done.stdout
    assert "Healthy-v0" in done.stdout
    assert "Inverted" not in done.stdout


def test_a_name_that_no_plugin_has_is_reported_with_the_nearest():
    catalog = catalog_of(ALPHA, BETA, allow=("alpa",))
    ghost = catalog.problems()[0]
    assert (ghost.name, ghost.status, ghost.fix) == ("alpa", "error", "nearest: alpha")


def test_a_plugin_without_an_api_version_is_told_what_to_add():
    catalog = catalog_of(in_memory_plugin("silent", [task("S-v0")], api=None))
    assert catalog.plugins[0].status == "error"
    assert 'GENELAB_API = "1"' in (catalog.plugins[0].fix or "")


@pytest.mark.parametrize(
    ("api", "status"), [("1", "ok"), ("1.7", "ok"), ("2", "incompatible"), ("0.9", "incompatible")]
)
def test_only_the_major_version_of_the_api_counts(api, status):
    assert catalog_of(in_memory_plugin("dated", api=api)).plugins[0].status == status


@pytest.mark.parametrize("position", ["first", "last"])
def test_a_file_given_on_the_command_line_is_a_plugin_wherever_the_option_stands(tmp_path, position):
    file = tmp_path / "my_cart.py"
    file.write_text(TASK_PACK.format(task="My-Cart-v0", agents="{}", more=""))
    option, words = ["--plugin", str(file)], ["list", "tasks"]
    done = genelab(*(option + words if position == "first" else words + option))
    assert "My-Cart-v0" in done.stdout, done.stderr


def test_a_module_given_on_the_command_line_is_a_plugin(tmp_path):
    (tmp_path / "loose_pack.py").write_text(TASK_PACK.format(task="Loose-v0", agents="{}", more=""))
    assert "Loose-v0" in genelab("--plugin=loose_pack", "list", site=tmp_path).stdout


def test_a_missing_file_is_an_error_that_is_shown(tmp_path):
    done = genelab("--plugin", str(tmp_path / "nowhere.py"), "list")
    assert done.returncode == 0
    assert "no such file" in done.stderr


@pytest.mark.parametrize("command", ["info", "train"])
@pytest.mark.parametrize("plugin", ["no_such_module", "nowhere.py"])
def test_a_plugin_that_is_named_and_cannot_be_loaded_ends_commands_that_might_need_it(plugin, command):
    done = genelab("--plugin", plugin, command, "GeneLab-Inverted-Pendulum-v0")
    assert done.returncode == 2
    assert f"--plugin {plugin.removesuffix('.py')}: " in done.stderr


def test_a_file_never_hides_an_installed_module(tmp_path):
    file = tmp_path / "json.py"
    file.write_text("GENELAB_API = '1'\n")
    catalog = Catalog(extra_candidates([str(file)]), Selection())
    assert "rename json.py" in (catalog.plugins[0].problem or "")


def test_files_become_absolute_for_child_processes(tmp_path, monkeypatch):
    monkeypatch.setenv("GENELAB_EXTRA_PLUGINS", "")
    monkeypatch.chdir(tmp_path)
    add_extra_plugins(["here.py", "some.module", "here.py"])
    assert os.environ["GENELAB_EXTRA_PLUGINS"] == os.pathsep.join([str(tmp_path / "here.py"), "some.module"])


def test_a_child_gets_its_parents_selection_and_the_same_set_passes():
    parent = catalog_of(ALPHA, BETA, disable=("beta",))
    child = parent.child_environment()
    assert child["GENELAB_DISABLE_PLUGINS"] == "beta"
    catalog_of(ALPHA, BETA, disable=("beta",), pinned=tuple(child["GENELAB_PLUGIN_SET"].split(","))).check()


def test_a_child_refuses_another_set_than_its_parents():
    pinned = tuple(catalog_of(ALPHA, BETA).child_environment()["GENELAB_PLUGIN_SET"].split(","))
    newer = in_memory_plugin("beta", [task("B-v0")], distribution="beta-dist", version="2.0")
    for others in ((ALPHA,), (ALPHA, newer), (ALPHA, BETA, in_memory_plugin("gamma"))):
        with pytest.raises(GenelabError, match="other plugins"):
            catalog_of(*others, pinned=pinned).check()


def test_a_child_does_not_repeat_its_parents_warnings():
    broken = in_memory_plugin("broken", genelab_tasks=lambda: 1 / 0)
    assert len(catalog_of(broken).warnings()) == 1
    assert catalog_of(broken, pinned=("x",)).warnings() == []


def test_the_command_line_refuses_a_set_that_differs(tmp_path):
    install(tmp_path, "raising-hook", BROKEN["raising-hook"])
    done = genelab("list", site=tmp_path, GENELAB_PLUGIN_SET="never-there==1.0")
    assert done.returncode == 1
    assert "never-there==1.0" in done.stderr
