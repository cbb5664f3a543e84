"""From a task's id to its configs."""

from __future__ import annotations

import pytest

from genelab.api import BackendSpec, TaskSpec
from genelab.config import ManagerBasedRlEnvCfg, TaskCfg, configclass
from genelab.plugins.tasks import load_task
from genelab.rl.config import BackendConfig
from genelab.testing import in_memory_plugin, plugin_sandbox
from genelab.utils.errors import GenelabError, UsageError

HERE = "test_load_task"


@configclass
class ToyAgentCfg(BackendConfig):
    speed: float = 1.0


@configclass
class OtherAgentCfg(BackendConfig):
    pass


class ToyBackend:
    def default_config(self, env_cfg):
        return ToyAgentCfg(experiment_name=f"default for decimation {env_cfg.decimation}")


def toy_task() -> TaskCfg:
    return TaskCfg(env=ManagerBasedRlEnvCfg(decimation=5))


def toy_agent() -> ToyAgentCfg:
    return ToyAgentCfg(experiment_name="its own")


def failing_task() -> TaskCfg:
    raise ZeroDivisionError("no wheels")


def no_task() -> dict:
    return {}


def spec(name: str, config: str = "toy_task", **agents: str) -> TaskSpec:
    references = {backend: f"{HERE}:{agent}" for backend, agent in agents.items()}
    return TaskSpec(id=name, config=f"{HERE}:{config}", agents=references)


TOY_BACKEND = BackendSpec(
    name="toy_rl", backend=f"{HERE}:ToyBackend", config_type=f"{HERE}:ToyAgentCfg", checkpoint_suffix=".toy"
)
TASKS = [
    spec("Own-v0", toy_rl="toy_agent"),
    spec("Bare-v0"),
    spec("Far-v0", faraway="toy_agent"),
    spec("Mixed-v0", toy_rl="OtherAgentCfg"),
    spec("Failing-v0", "failing_task"),
    spec("Nothing-v0", "no_task"),
    TaskSpec(id="Lost-v0", config="nowhere_pack:make"),
]


@pytest.fixture(autouse=True)
def catalog():
    with plugin_sandbox(in_memory_plugin("toys", TASKS), in_memory_plugin("toy-rl", [TOY_BACKEND])) as made:
        yield made


def test_the_default_backends_agent_is_put_in():
    loaded = load_task("own_v0")
    assert loaded.backend is TOY_BACKEND
    assert loaded.cfg.agent == toy_agent()


def test_a_backend_is_named_without_regard_to_spelling():
    assert load_task("Own-v0", backend="ToyRL").backend is TOY_BACKEND


def test_a_task_without_an_agent_for_the_backend_gets_the_backends_default():
    assert load_task("Bare-v0", backend="toy_rl").cfg.agent.experiment_name == "default for decimation 5"


def test_a_task_without_agents_has_no_backend_and_says_that_it_cannot_be_trained():
    loaded = load_task("Bare-v0")
    assert (loaded.backend, loaded.cfg.agent) == (None, None)
    with pytest.raises(UsageError, match="has no agent"):
        loaded.require_backend()


def test_a_missing_default_backend_stops_only_what_needs_it():
    loaded = load_task("Far-v0")
    assert loaded.backend is None
    for need in (
        loaded.require_backend,
        lambda: load_task("Far-v0", backend="faraway"),
        lambda: load_task("Far-v0", overrides=[("agent.seed", "1")]),
    ):
        with pytest.raises(UsageError, match="pip install genelab-backend-faraway"):
            need()


def test_evaluation_and_play_environments_are_filled_in_and_follow_overrides_of_the_training_one():
    cfg = load_task(
        "Own-v0", overrides=[("env.decimation", "7"), ("play_env.decimation", "9"), ("agent.speed", "2")]
    ).cfg
    assert (cfg.env.decimation, cfg.eval_env.decimation, cfg.play_env.decimation) == (7, 7, 9)
    assert cfg.agent.speed == 2.0


def test_overrides_do_not_leak_into_the_next_load():
    load_task("Own-v0", overrides=[("env.decimation", "7")])
    assert load_task("Own-v0").cfg.env.decimation == 5


def test_an_agent_of_the_wrong_kind_is_an_error_that_says_which_is_wanted():
    with pytest.raises(GenelabError, match="OtherAgentCfg, not a ToyAgentCfg"):
        load_task("Mixed-v0")


@pytest.mark.parametrize(
    ("task", "reason"),
    [("Failing-v0", "ZeroDivisionError: no wheels"), ("Nothing-v0", "not a TaskCfg"), ("Lost-v0", "nowhere_pack")],
)
def test_a_factory_that_fails_is_the_plugins_failure(task, reason):
    with pytest.raises(GenelabError, match=reason) as raised:
        load_task(task)
    assert raised.value.exit_code == 1


def test_a_contested_task_is_loaded_by_its_qualified_id(catalog):
    rival = in_memory_plugin("rival", [spec("Own-v0", "failing_task")])
    with plugin_sandbox(in_memory_plugin("toys", TASKS), in_memory_plugin("toy-rl", [TOY_BACKEND]), rival):
        assert load_task("toys::Own-v0").cfg.env.decimation == 5
        with pytest.raises(UsageError, match="claimed by several"):
            load_task("Own-v0")


def test_the_package_offers_it(catalog):
    import genelab

    assert isinstance(genelab.load_task("Own-v0").cfg, TaskCfg)
