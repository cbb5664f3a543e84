"""Two plugins, one id."""

from __future__ import annotations

import itertools

import pytest

from genelab.api import BackendSpec, CommandSpec, ExporterSpec, RunEvent, TaskSpec
from genelab.plugins.catalog import Catalog
from genelab.plugins.checks import check_plugins
from genelab.plugins.selection import Selection
from genelab.testing import in_memory_plugin
from genelab.utils.errors import GenelabError, UsageError


def task(name: str, **fields) -> TaskSpec:
    return TaskSpec(id=name, config="genelab.config:TaskCfg", **fields)


def catalog_of(*plugins) -> Catalog:
    return Catalog(plugins, Selection())


ONE = in_memory_plugin("one", [task("Cart-v0", summary="first"), task("Only-One-v0")], distribution="pack-one")
TWO = in_memory_plugin("two", [task("cart_v0", summary="second")], distribution="pack-two")
MINE = in_memory_plugin("mine", [task("Cart-v0", summary="mine", overrides=("Cart-v0",))], distribution="pack-mine")
YOURS = in_memory_plugin("yours", [task("Cart-v0", overrides=("cart-v0",))], distribution="pack-yours")


def test_a_contested_id_belongs_to_nobody_and_the_error_names_both():
    with pytest.raises(UsageError, match=r"pack-one::Cart-v0 or pack-two::cart_v0"):
        catalog_of(ONE, TWO).task("Cart-v0")


def test_the_qualified_id_always_works():
    for plugins in ((ONE,), (ONE, TWO), (ONE, TWO, MINE)):
        assert catalog_of(*plugins).task("Pack-One::cart_v0").summary == "first"


def test_the_other_ids_of_a_plugin_in_conflict_work():
    catalog = catalog_of(ONE, TWO)
    assert catalog.task("only-one-v0").id == "Only-One-v0"
    assert {plugin.status for plugin in catalog.plugins} == {"conflict"}
    assert set(catalog.tasks) == {"pack-one::Cart-v0", "pack-two::cart_v0", "Only-One-v0"}


def test_an_explicit_override_wins_and_says_so():
    catalog = catalog_of(ONE, TWO, MINE)
    winner = catalog.task("cart-v0")
    assert winner.summary == "mine"
    assert catalog.overridden(winner) == ["pack-one::Cart-v0", "pack-two::cart_v0"]
    assert {plugin.status for plugin in catalog.plugins} == {"ok"}


def test_two_overrides_of_one_id_are_a_conflict():
    with pytest.raises(UsageError, match="pack-mine::Cart-v0 or pack-yours::Cart-v0"):
        catalog_of(ONE, MINE, YOURS).task("Cart-v0")


@pytest.mark.parametrize("plugins", [(ONE, TWO), (ONE, TWO, MINE), (ONE, MINE, YOURS)])
def test_load_order_decides_nothing(plugins):
    def outcome(order):
        catalog = catalog_of(*order)
        statuses = {plugin.name: (plugin.status, plugin.problem) for plugin in catalog.plugins}
        return {name: id(record) for name, record in catalog.tasks.items()}, statuses

    outcomes = [outcome(order) for order in itertools.permutations(plugins)]
    assert all(found[0].keys() == outcomes[0][0].keys() for found in outcomes)
    assert all(
        {name: status for name, (status, _) in found[1].items()} == {n: s for n, (s, _) in outcomes[0][1].items()}
        for found in outcomes
    )


def test_different_kinds_may_share_a_name():
    command = CommandSpec(name="onnx", command="a:b")
    exporter = ExporterSpec(format="onnx", exporter="a:B", suffix=".onnx")
    catalog = catalog_of(in_memory_plugin("x", [command]), in_memory_plugin("y", [exporter]))
    assert catalog.problems() == []


def test_a_plugin_cannot_take_the_name_of_a_core_command():
    catalog = catalog_of(in_memory_plugin("greedy", [CommandSpec(name="train", command="a:b")]))
    assert "command of GeneLab itself" in (catalog.plugins[0].problem or "")


def test_one_id_twice_in_one_plugin_is_an_error():
    catalog = catalog_of(in_memory_plugin("twice", [task("A-v0"), task("a_v0")]))
    assert "twice" in (catalog.plugins[0].problem or "")


def test_ids_match_without_regard_to_case_and_keep_their_spelling():
    catalog = catalog_of(in_memory_plugin("x", [task("GeneLab-Go1-v0")]))
    assert catalog.task("genelab_GO1-v0").id == "GeneLab-Go1-v0"
    assert list(catalog.tasks) == ["GeneLab-Go1-v0"]


def test_a_backend_that_a_task_has_an_agent_for_names_the_pip_command():
    needy = task("Needy-v0", agents={"faraway_rl": "a:b"})
    with pytest.raises(
        UsageError, match=r"pip install 'genelab\[farawayrl\]' or pip install genelab-backend-farawayrl"
    ):
        catalog_of(in_memory_plugin("x", [needy])).backend("FarAway-RL")


def test_an_unknown_name_lists_the_nearest():
    spec = BackendSpec(name="rsl_rl", backend="a:B", config_type="a:C", checkpoint_suffix=".pt")
    with pytest.raises(UsageError, match="did you mean rsl_rl"):
        catalog_of(in_memory_plugin("x", [spec])).backend("rsl_lr")


def test_a_raising_observer_disturbs_neither_the_run_nor_the_others(capsys):
    seen = []

    def explode(event):
        raise RuntimeError("boom")

    catalog = catalog_of(in_memory_plugin("bomb", on_event=explode), in_memory_plugin("ear", on_event=seen.append))
    for _ in range(3):
        catalog.notify(RunEvent(kind="run_started", run_dir="here"))
    assert [event.kind for event in seen] == ["run_started"] * 3
    assert capsys.readouterr().err.count("boom") == 1


def test_an_observer_may_leave_out_the_event():
    seen = []
    catalog = catalog_of(in_memory_plugin("terse", genelab_run_event=lambda: seen.append(1)))
    catalog.notify(RunEvent(kind="run_started", run_dir="here"))
    assert seen == [1]


def test_trust_is_for_packages_of_loaded_plugins():
    good = in_memory_plugin("good", module="good_pack.plugin")
    bad = in_memory_plugin("bad", module="bad_pack.plugin", genelab_tasks=lambda: 1 / 0)
    catalog = catalog_of(good, bad)
    assert [catalog.trusts(package) for package in ("good_pack", "bad_pack", "genelab", "os")] == [
        True,
        False,
        True,
        False,
    ]


def test_a_record_that_cannot_be_imported_names_its_plugin():
    spec = TaskSpec(id="Lost-v0", config="nowhere_pack.tasks:make")
    catalog = catalog_of(in_memory_plugin("lost", [spec]))
    with pytest.raises(GenelabError, match="plugin lost cannot provide Lost-v0"):
        catalog.load(spec, spec.config)


def test_the_doctor_finds_what_is_wrong_beyond_discovery():
    lost = TaskSpec(id="Lost-v0", config="nowhere_pack.tasks:make", agents={"faraway": "a:b"})
    plugin = in_memory_plugin("lost", [lost], genelab_taks=lambda: [])
    plugin.instance.genelab_commands = lambda: []
    findings = {(found.severity, found.problem.split(" ")[0]) for found in check_plugins(catalog_of(plugin))}
    assert findings >= {("error", "plugin"), ("note", "unknown"), ("note", "genelab_commands")}


def test_the_doctor_finds_no_fault_with_an_agent_for_a_backend_that_is_not_installed():
    task = TaskSpec(
        id="Sound-v0", config="genelab.utils.names:normalize", agents={"faraway": "nowhere_pack.agents:ppo"}
    )
    assert check_plugins(catalog_of(in_memory_plugin("sound", [task]))) == []


def test_the_doctor_is_silent_when_all_is_well():
    fine = in_memory_plugin("fine", [task("Fine-v0")], version=None)
    assert check_plugins(catalog_of(fine)) == []
