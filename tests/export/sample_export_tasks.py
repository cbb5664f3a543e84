"""A plugin whose tasks rsl_rl trains in milliseconds, in fake environments."""

from __future__ import annotations

from genelab.api import TaskSpec, hookimpl
from genelab.config import ManagerBasedRlEnvCfg, ObservationGroupCfg, SimulationCfg, TaskCfg

GENELAB_API = "1"


@hookimpl
def genelab_tasks():
    return [
        TaskSpec(
            id=f"Sample-Export-{kind}-v0",
            config="sample_export_tasks:make_task",
            agents={"rsl_rl": f"sample_export_tasks:{kind.lower()}_agent"},
        )
        for kind in ("Mlp", "Gru", "Lstm")
    ]


def make_task() -> TaskCfg:
    groups = {name: ObservationGroupCfg(terms={}) for name in ("policy", "critic")}
    return TaskCfg(env=ManagerBasedRlEnvCfg(observations=groups, simulation=SimulationCfg(num_envs=8)))


def _agent(rnn_type):
    from genelab_backend_rslrl import RslRlGaussianCfg, RslRlModelCfg, RslRlOnPolicyRunnerCfg

    network = {
        "hidden_dims": (16,),
        "obs_normalization": True,
        "rnn_type": rnn_type,
        "rnn_hidden_dim": 8,
        "rnn_num_layers": 2,
    }
    return RslRlOnPolicyRunnerCfg(
        num_steps_per_env=6,
        max_iterations=2,
        clip_actions=0.5,
        logger="none",
        actor=RslRlModelCfg(**network, distribution_cfg=RslRlGaussianCfg()),
        critic=RslRlModelCfg(**network),
    )


def mlp_agent():
    return _agent(None)


def gru_agent():
    return _agent("gru")


def lstm_agent():
    return _agent("lstm")
