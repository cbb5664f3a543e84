"""`genelab` in a process of its own whose environments are fakes: `python drive_fake.py train …`."""

import sys
import types
from pathlib import Path

from genelab.cli import main
from genelab.testing.fake_env import FakeVecEnv

module = types.ModuleType("genelab.envs.make")
module.make_env = lambda cfg, **options: FakeVecEnv(cfg.simulation.num_envs, max_episode_length=5)  # pyright: ignore[reportAttributeAccessIssue]
sys.modules["genelab.envs.make"] = module
sys.argv[1:1] = ["--plugin", str(Path(__file__).parent / "sample_runs.py")]
main()
