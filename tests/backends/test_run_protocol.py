"""What `genelab.rl.session` does with a run's files, the same for every backend."""

from __future__ import annotations

import pytest
from backend_cases import CASES, RSL_RL, SB3, SKRL, Changed
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from genelab.rl.checkpoint import read_meta
from genelab.utils.errors import GenelabError, UsageError

for_all = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@for_all
def test_the_sidecar_says_what_the_checkpoint_is(tmp_path, case):
    given = {"plugins": ["fake"], "versions": {"fake-pack": "1"}}
    meta = read_meta(case.train(tmp_path, 1, checkpoint_meta=given).checkpoint)
    assert {key: meta[key] for key in ("backend", "algorithm", "task", "iteration", "env_steps", "action_dim")} == {
        "backend": case.name,
        "algorithm": "PPO",
        "task": "Fake-v0",
        "iteration": case.unit,
        "env_steps": 48,
        "action_dim": 2,
    }
    assert meta["plugins"] == ["fake"]
    assert meta["observation_layout"] == case.runs.small_env().observation_layout.to_json()
    assert {"torch", case.library, "fake-pack"} <= meta["versions"].keys()


@for_all
def test_the_environments_own_log_and_the_losses_reach_the_scalars(tmp_path, case):
    seen = {}
    case.train(tmp_path, 3, on_iteration=lambda iteration, env_steps, scalars: seen.update(scalars))
    assert 0 < seen["Metrics/goal_distance"] < 10
    assert 0 <= seen["Episode_Termination/failed"] <= 1
    assert 1 <= seen["length_mean"] <= 10
    assert seen["return_mean"] == seen["Train/mean_reward"]
    assert seen["Perf/total_fps"] > 0
    assert {"Loss/value", "train/value_loss", "Loss / Value loss"} & seen.keys()


@for_all
def test_each_iteration_is_counted_and_logged_once_also_when_a_run_goes_on(tmp_path, case):
    seen = []

    def on_iteration(iteration, env_steps, scalars):
        seen.append((iteration, env_steps))

    checkpoint = case.train(tmp_path, 2, on_iteration=on_iteration).checkpoint
    case.train(tmp_path, 4, on_iteration=on_iteration, resume=checkpoint)
    assert seen == [(units * case.unit, units * 48) for units in (1, 2, 3, 4)]
    events = EventAccumulator(str(tmp_path)).Reload()
    (tag,) = {"Loss/value", "train/value_loss", "Loss / Value loss"} & set(events.Tags()["scalars"])
    assert [event.step for event in events.Scalars(tag)] == [iteration for iteration, _ in seen]


@pytest.mark.parametrize(
    ("case", "algorithm", "polls"), [(RSL_RL, None, 3), (SB3, "PPO", 3), (SB3, "SAC", 3), (SKRL, "SAC", 5)]
)
def test_a_stopped_training_saves_at_once_and_goes_on_from_there(tmp_path, case, algorithm, polls):
    polled = []

    def stop() -> bool:
        polled.append(None)
        return len(polled) == polls

    agent = case.agent(algorithm, save_interval=1000)
    result = case.train(tmp_path, 50, agent=agent, should_stop=stop)
    steps = polls * 8 * (1 if algorithm == "SAC" else 6)
    assert (result.stopped, result.env_steps, result.iteration) == (True, steps, steps // case.env_steps)
    assert result.checkpoint == case.files(tmp_path).model(result.iteration)
    final = case.files(tmp_path).final
    assert final is None or not final.exists()
    assert not case.train(tmp_path, 4, agent=agent, resume=result.checkpoint).stopped


@for_all
def test_only_the_two_newest_states_are_kept_and_the_error_offers_a_warm_start(tmp_path, case):
    case.train(tmp_path, 3)
    files = case.files(tmp_path)
    kept = sorted(files.folder.glob("*.state.pt"))
    assert kept == sorted(files.state(units * case.unit) for units in (2, 3))
    first = files.model(case.unit)
    missing = rf"{files.state(case.unit).name} is not there[\s\S]*--checkpoint .*{first.name}"
    with pytest.raises(GenelabError, match=missing):
        case.train(tmp_path, 4, resume=first)


@pytest.mark.parametrize("case", [RSL_RL, SB3], ids=lambda case: case.name)
def test_the_final_model_can_be_continued_like_the_last_one(tmp_path, case):
    case.train(tmp_path, 2)
    assert case.train(tmp_path, 3, resume=case.files(tmp_path).final).iteration == 3 * case.unit


@for_all
def test_a_run_cannot_be_continued_with_another_number_of_envs(tmp_path, case):
    checkpoint = case.train(tmp_path, 1).checkpoint
    with pytest.raises(UsageError, match="trained with 8 envs, not 4") as caught:
        case.train(tmp_path, 2, env=case.runs.small_env(4), resume=checkpoint)
    assert "--num-envs 8" in (caught.value.fix or "")


@for_all
def test_a_state_of_another_run_is_refused(tmp_path, case):
    case.train(tmp_path / "a", 1)
    checkpoint = case.train(tmp_path / "b", 1).checkpoint
    mine, theirs = (case.files(tmp_path / name).state(case.unit) for name in "ba")
    theirs.replace(mine)
    with pytest.raises(GenelabError, match=rf"does not belong to {checkpoint.name}"):
        case.train(tmp_path / "b", 2, resume=checkpoint)


@pytest.mark.parametrize(("case", "algorithm"), [(RSL_RL, None), (SB3, "PPO"), (SKRL, "PPO"), (SKRL, "SAC")])
def test_a_kill_between_state_and_model_leaves_the_newest_checkpoint_resumable(tmp_path, monkeypatch, case, algorithm):
    """Also where the model of an abandoned continuation is about to be replaced."""
    agent, files = case.agent(algorithm, save_interval=2 * case.unit), case.files(tmp_path)
    case.train(tmp_path, 4, agent=agent)

    def killed(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(type(files), "write", killed)
        with pytest.raises(KeyboardInterrupt):
            case.train(tmp_path, 4, agent=agent, resume=files.model(2 * case.unit))
    newest = files.models()[-1]
    assert newest == files.model(2 * case.unit)
    assert case.train(tmp_path, 4, agent=agent, resume=newest).iteration == 4 * case.unit


def nan_reward(observations, reward, *rest):
    return observations, reward * float("nan"), *rest


def nan_observation(observations, *rest):
    observations["policy"] = observations["policy"] * float("nan")
    return observations, *rest


@pytest.mark.parametrize(
    ("case", "algorithm", "change", "message"),
    [
        (RSL_RL, None, nan_reward, "iteration 7: a reward"),
        (RSL_RL, None, nan_observation, "iteration 7: an action"),
        (SB3, "PPO", nan_reward, "a reward"),
        (SB3, "PPO", nan_observation, "an observation"),
        (SB3, "SAC", nan_reward, "a reward"),
        (SB3, "SAC", nan_observation, "an observation"),
        (SKRL, "PPO", nan_reward, r"up to \d+: a reward"),
        (SKRL, "SAC", nan_reward, r"up to \d+: a reward"),
    ],
)
def test_a_training_that_breaks_down_says_what_broke_and_names_the_last_good_checkpoint(
    tmp_path, case, algorithm, change, message
):
    agent, last = case.agent(algorithm, save_interval=5 * case.unit), case.files(tmp_path).model(5 * case.unit)
    env = Changed(case.runs.small_env(), change, first=38)
    with pytest.raises(GenelabError, match=rf"{message}[\s\S]*last good checkpoint is .*{last.name}"):
        case.train(tmp_path, 20, agent=agent, env=env)
    assert case.backend().checkpoints(tmp_path) == [last]


@pytest.mark.parametrize(
    ("case", "fields"),
    [
        (
            RSL_RL,
            {"algorithm": {"learning_rate": 1e38, "schedule": "fixed", "optimizer": "sgd", "max_grad_norm": 1e38}},
        ),
        (SKRL, {"learning_rate": 1e30, "grad_norm_clip": 0.0}),
    ],
)
def test_weights_that_are_no_longer_finite_are_not_saved(tmp_path, case, fields):
    with pytest.raises(GenelabError, match=r"not finite[\s\S]*no checkpoint yet"):
        case.train(tmp_path, 2, agent=case.agent(**fields))
    assert case.backend().checkpoints(tmp_path) == []


@pytest.mark.parametrize(
    ("case", "algorithm"), [(RSL_RL, None), (SB3, "PPO"), (SB3, "SAC"), (SKRL, "PPO"), (SKRL, "SAC")]
)
def test_an_environment_that_hides_its_terminal_observation_is_refused(tmp_path, case, algorithm):
    def hide(*made):
        made[4].pop("final_obs", None)
        return made

    with pytest.raises(GenelabError, match="without giving its terminal observation"):
        case.train(tmp_path, 4, agent=case.agent(algorithm), env=Changed(case.runs.small_env(), hide))
