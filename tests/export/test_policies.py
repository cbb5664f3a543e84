import pytest
import torch
from sample_actors import AWKWARD, AwkwardEnv, make_setup, scale_by_hand

from genelab.managers.observation_layout import ObservationLayout
from genelab.rl.backends.base import InferenceSetup
from genelab.rl.policy import ActorPolicy, CallablePolicy, RandomPolicy, ZeroPolicy
from genelab.utils.errors import GenelabError, UsageError


def raw_observations(num_envs: int = 4) -> dict[str, torch.Tensor]:
    return {name: 3.0 * torch.randn(num_envs, group.dim) for name, group in AWKWARD.groups.items()}


def test_the_zero_policy_gives_zeros_of_the_actions_shape():
    actions = ZeroPolicy(action_dim=3)(raw_observations(5))
    assert actions.shape == (5, 3)
    assert not actions.any()


def test_random_policies_repeat_with_their_seed_and_fill_the_interval():
    first, again, other = RandomPolicy(2, seed=1), RandomPolicy(2, seed=1), RandomPolicy(2, seed=2)
    observations = raw_observations(500)
    actions = first(observations)
    assert torch.equal(actions, again(observations))
    assert not torch.equal(actions, other(observations))
    assert not torch.equal(actions, first(observations))
    assert -1.0 <= float(actions.min()) < -0.9
    assert 0.9 < float(actions.max()) < 1.0


def test_a_callable_of_the_wrong_width_is_named_with_both_shapes():
    policy = CallablePolicy(lambda observations: torch.zeros(4, 5), action_dim=2)
    with pytest.raises(GenelabError, match=r"\(4, 5\)[\s\S]*\(4, 2\)"):
        policy(raw_observations())


def test_a_callable_that_returns_no_tensor_is_refused():
    with pytest.raises(GenelabError, match="returned list"):
        CallablePolicy(lambda observations: [[0.0, 0.0]], action_dim=2)(raw_observations())  # pyright: ignore[reportArgumentType]


def test_actions_that_are_not_finite_are_refused_with_their_envs():
    def broken(observations: dict[str, torch.Tensor]) -> torch.Tensor:
        return torch.tensor([[0.0, 1.0], [float("nan"), 0.0], [0.0, 0.0], [float("inf"), 0.0]])

    with pytest.raises(GenelabError, match=r"2 of 4 envs \(first: \[1, 3\]\)"):
        CallablePolicy(broken, action_dim=2)(raw_observations())


def test_an_actor_sees_what_training_gave_it():
    setup = make_setup("mlp")
    raw = raw_observations()
    scaled = torch.cat([scale_by_hand(raw[name], AWKWARD.groups[name]) for name in setup.obs_groups], dim=1)
    assert torch.equal(ActorPolicy(setup, AWKWARD)(raw), setup.actor(scaled))


@pytest.mark.parametrize("kind", ["gru", "lstm"])
def test_reset_forgets_finished_envs_and_keeps_the_others(kind: str):
    setup, raw = make_setup(kind), raw_observations(3)
    policy = ActorPolicy(setup, AWKWARD)
    fresh = policy(raw)
    policy.reset(torch.tensor([False, True, False]))
    second = policy(raw)
    assert torch.allclose(second[1], fresh[1], atol=1e-6)
    assert not torch.allclose(second[0], fresh[0], atol=1e-3)
    policy.reset()
    assert torch.equal(policy(raw), fresh)


def test_a_state_that_became_infinite_is_forgotten_too():
    policy, raw = ActorPolicy(make_setup("gru"), AWKWARD), raw_observations(2)
    fresh = policy(raw)
    policy._states.put((torch.full((2, 2, 16), torch.nan),))
    policy.reset(torch.tensor([True, True]))
    assert torch.equal(policy(raw), fresh)


def test_another_number_of_envs_needs_a_reset_of_recurrent_policies():
    policy = ActorPolicy(make_setup("gru"), AWKWARD)
    policy(raw_observations(3))
    with pytest.raises(GenelabError, match="states of 3 envs and got 4"):
        policy(raw_observations(4))
    policy.reset()
    policy(raw_observations(4))


def test_sampling_adds_the_noise_of_training_to_scaled_observations():
    setup = make_setup("mlp")
    setup.sample = lambda obs: setup.actor(obs) + 1.0
    raw = raw_observations()
    sampled = ActorPolicy(setup, AWKWARD, deterministic=False)(raw)
    assert torch.allclose(sampled, ActorPolicy(setup, AWKWARD)(raw) + 1.0)


def test_sampling_without_exploration_noise_is_a_usage_error():
    with pytest.raises(UsageError, match="no exploration noise"):
        ActorPolicy(make_setup("mlp"), AWKWARD, deterministic=False)


def test_an_actor_of_another_width_is_an_error_that_shows_the_groups():
    setup = make_setup("mlp")
    wrong = InferenceSetup(setup.obs_groups, setup.actor, 48, 2)
    with pytest.raises(GenelabError, match=r"takes 48 .* gives 20 \(goal 2, policy 18\)"):
        ActorPolicy(wrong, AWKWARD)


def test_a_missing_group_is_an_error_that_lists_those_there_are():
    with pytest.raises(GenelabError, match=r"'goal'[\s\S]*critic, policy"):
        ActorPolicy(make_setup("mlp"), AWKWARD.select(["critic", "policy"]))


def test_policies_run_in_an_environment():
    env = AwkwardEnv(4)
    env.raw_observations = True
    policy, actions = ActorPolicy(make_setup("lstm"), env.observation_layout), []
    env.step_observers.append(lambda view: actions.append(view.action.clone()))
    observations, _ = env.reset(seed=0)
    for _ in range(5):
        observations, _, terminated, truncated, _ = env.step(policy(observations))
        policy.reset(terminated | truncated)
    assert torch.stack(actions).shape == (5, 4, 2) and torch.stack(actions).isfinite().all()
    assert not torch.equal(actions[0], actions[1])


def test_layouts_with_one_sided_clips_survive_json():
    assert ObservationLayout.from_json(AWKWARD.to_json()) == AWKWARD
