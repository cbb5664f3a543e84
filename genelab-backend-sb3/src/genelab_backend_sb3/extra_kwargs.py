"""Which further arguments of the library's classes an agent may set. Light."""

from __future__ import annotations

from genelab.utils.errors import UsageError
from genelab.utils.names import unknown_name
from genelab_backend_sb3.config import Sb3AgentCfg

_NUMBER = (int, float)
_OPTIONAL_NUMBER = (int, float, type(None))
_LEARNED = (int, float, str)  # a number, or the library's "auto"

_TYPES: dict[str, dict[str, tuple[type, ...]]] = {
    "PPO": {
        "clip_range_vf": _OPTIONAL_NUMBER,
        "normalize_advantage": (bool,),
        "vf_coef": _NUMBER,
        "max_grad_norm": _NUMBER,
        "target_kl": _OPTIONAL_NUMBER,
    },
    "A2C": {
        "vf_coef": _NUMBER,
        "max_grad_norm": _NUMBER,
        "rms_prop_eps": _NUMBER,
        "use_rms_prop": (bool,),
        "normalize_advantage": (bool,),
    },
    "SAC": {
        "gradient_steps": (int,),
        "ent_coef": _LEARNED,
        "target_entropy": _LEARNED,
        "target_update_interval": (int,),
    },
    "TD3": {
        "gradient_steps": (int,),
        "policy_delay": (int,),
        "target_policy_noise": _NUMBER,
        "target_noise_clip": _NUMBER,
    },
    "DDPG": {"gradient_steps": (int,)},
}


def validate_extra_kwargs(agent: Sb3AgentCfg) -> None:
    """Raise `UsageError` for an argument that the algorithm does not have, or that a field of the agent sets."""
    known = _TYPES[agent.algorithm]
    for name, value in agent.extra_kwargs.items():
        where = f"agent.extra_kwargs, algorithm {agent.algorithm}"
        if name not in known:
            raise unknown_name("argument", name, known, where=where)
        wanted = known[name]
        if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
            names = " or ".join("none" if kind is type(None) else kind.__name__ for kind in wanted)
            raise UsageError(f"{name} is {value!r}", where=where, fix=f"give {names}")
