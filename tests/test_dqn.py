"""DQN's mechanism, not only its return."""

from functools import partial

import numpy as np
import pytest
import torch
from tiny import Clock, Match

import course_rl as rl

small = partial(
    rl.dqn,
    seeds=3,
    sub_envs=2,
    warmup=20,
    batch_size=16,
    capacity=400,
    updates_per_step=0.5,
    network=partial(rl.q_network, hidden=(16,)),
    tests=1,
    test_episodes=2,
)


def targets_seen(sync, updates):
    """What a target function is given at each update: pairs (q_next, q_next_online)."""
    seen = []

    def spy(reward, discount, q_next, q_next_online):
        seen.append((q_next.clone(), q_next_online.clone()))
        assert not q_next.requires_grad and not q_next_online.requires_grad
        return rl.q_target(reward, discount, q_next, q_next_online)

    small(Clock, steps=20 + 2 * updates, target=spy, sync=sync)
    return [torch.equal(*pair) for pair in seen]


def test_the_target_network_is_another_object_and_equals_the_online_one_only_after_a_sync():
    same = targets_seen(rl.hard_update(4), updates=12)
    assert same == [
        k % 4 == 0 for k in range(12)
    ]  # equal at the first update and right after each copy, else not


def test_without_a_sync_the_target_network_never_moves():
    weights = []
    small(
        Clock, steps=60, sync=lambda frozen, online, update: weights.append((frozen.clone(), online.clone()))
    )
    frozen, online = zip(*weights, strict=True)
    assert all(torch.equal(f, frozen[0]) for f in frozen)  # no gradient reaches it
    assert all(not torch.equal(a, b) for a, b in zip(online, online[1:], strict=False))


def test_a_large_td_error_still_moves_the_weights():
    """Clamping the error itself would leave no gradient where it is largest."""
    weights = []
    small(
        Clock,
        steps=30,
        reward_scale=1000.0,
        sync=lambda frozen, online, update: weights.append((frozen.clone(), online.clone())),
    )
    frozen, online = weights[0]
    assert (frozen != online).any(1).all()


def test_updates_of_the_target_network_by_hand():
    frozen, online = torch.zeros(2, 3), torch.ones(2, 3)
    rl.hard_update(3)(frozen, online, 2)
    assert (frozen == 0).all()
    rl.hard_update(3)(frozen, online, 3)
    assert (frozen == 1).all() and frozen.data_ptr() != online.data_ptr()
    online += 1
    assert (frozen == 1).all()
    rl.soft_update(0.25)(frozen, online, 1)
    assert torch.allclose(frozen, torch.tensor(1.25)) and (online == 2).all()


def constant_network(value):
    """Every action is worth `value` everywhere; the weights are biases of the last layer."""

    def network(rng, obs_space, n_actions):
        linear = rl.Linear(rng, 1, n_actions)
        linear.weight.data.zero_()
        linear.bias.data.fill_(value)
        return linear

    return network


@pytest.mark.parametrize(("terminated", "by_hand"), [(False, 1.0 + 0.9 * 5.0 - 2.0), (True, 1.0 - 2.0)])
def test_td_errors_on_a_constant_network(terminated, by_hand):
    rng = rl.Seeds(2)
    online, frozen = constant_network(2.0)(rng, None, 3), constant_network(5.0)(rng, None, 3)
    memory = rl.Replay(1, 0.9)
    memory.add(
        rl.Step(
            torch.zeros(2, 1, 1),
            torch.ones(2, 1, dtype=torch.long),
            torch.ones(2, 1),
            torch.ones(2, 1, 1),
            torch.full((2, 1), terminated),
            torch.ones(2, 1, dtype=torch.bool),
        )
    )
    batch = memory.sample(4, rng)
    td_error = rl.td_errors(batch, online, frozen, rl.q_target)
    assert torch.allclose(td_error, torch.full((2, 4), by_hand))
    td_error.sum().backward()
    assert all(p.grad is None for p in frozen.parameters())
    assert (
        online.bias.grad.tolist() == [[[0.0, -4.0, 0.0]]] * 2
    )  # the taken action's value only, by -1 a sample


@pytest.mark.parametrize(("terminates", "value"), [(False, 2.0), (True, 1.0)])
def test_the_learned_value_bootstraps_through_truncation_and_not_through_termination(terminates, value):
    """Reward 1 a step, gamma 1/2: cut after each step the value is 1 / (1 - 1/2) = 2, ended after each 1."""
    _, network = small(
        Clock,
        steps=1_500,
        gamma=0.5,
        learning_rate=0.02,
        length=1,
        terminates=terminates,
        shows=False,
        sync=rl.hard_update(5),
    )
    assert torch.allclose(network(torch.zeros(3, 1, 1)), torch.tensor(value), atol=0.1)


@pytest.mark.parametrize("network", [rl.q_network, rl.dueling_network])
@pytest.mark.parametrize("replay", [rl.Replay, rl.PrioritizedReplay])
@pytest.mark.parametrize("target", [rl.q_target, rl.double_q_target])
@pytest.mark.parametrize("n_step", [1, 3])
def test_solves_a_tiny_environment(network, replay, target, n_step):
    curve, network = small(
        Match,
        steps=1_500,
        network=partial(network, hidden=(16, 16)),
        replay=replay,
        target=target,
        n_step=n_step,
        learning_rate=0.01,
        test_episodes=20,
    )
    assert (curve.test.value[:, -1] == 1.0).all()
    q = network(torch.tensor([[[0.0], [1.0]]]).expand(3, 2, 1))
    assert torch.allclose(q, torch.eye(2).expand(3, 2, 2), atol=0.2)


def test_solves_a_table():
    curve, _ = small(
        "FrozenLake-v1",
        steps=4_000,
        is_slippery=False,
        learning_rate=0.01,
        gamma=0.9,
        epsilon=rl.linear(1.0, 0.1, 2_000),
    )
    assert (curve.test.value[:, -1] == 1.0).all()


def test_updates_steps_and_tests_are_as_many_as_asked_for():
    updates = []
    curve, _ = small(
        Clock,
        steps=200,
        updates_per_step=0.25,
        warmup=40,
        tests=4,
        sync=lambda frozen, online, update: updates.append(update),
    )
    assert updates == list(range(1, 41))  # a quarter of the 160 steps after the warm-up
    assert curve.test.step.tolist() == [50, 100, 150, 200] and curve.test.value.shape == (3, 4)
    assert curve.step[-1] == 200 and (np.diff(curve.seconds) >= 0).all()
    curve, _ = small(Clock, steps=201, warmup=300, tests=3)
    assert curve.test.step.tolist() == [66, 132, 200] and curve.test.seconds[-1] == curve.seconds[-1]


def test_schedules_are_read_at_every_step():
    steps = []
    small(Clock, steps=20, warmup=100, epsilon=lambda t: steps.append(t) or 0.5)
    assert steps == [0, *range(2, 21, 2)]  # 0 is the check before the start


def test_the_probe_is_recorded_at_each_test():
    curve, network = small(
        Clock, steps=100, tests=2, probe=lambda network: network(torch.zeros(3, 1, 1))[:, 0].detach()
    )
    assert curve.probe.shape == (3, 2, 2)
    assert np.allclose(curve.probe[:, -1], network(torch.zeros(3, 1, 1))[:, 0].detach())


def test_weights_are_one_matrix_and_the_network_sees_it_change():
    rng = rl.Seeds(2)
    network = rl.mlp(rng, 3, 5, 2)
    before = network(torch.ones(2, 1, 3))
    weights = rl.weight_matrix(network)
    assert torch.equal(network(torch.ones(2, 1, 3)), before)
    assert weights.shape[0] == 2 and weights.shape[1] % 64 == 0
    weights[1] = 0.0
    after = network(torch.ones(2, 1, 3))
    assert torch.equal(after[0], before[0]) and (after[1] == 0).all()


def test_layers_against_pytorchs_own():
    rng = rl.Seeds(3)
    layer, x = rl.Linear(rng, 4, 5), torch.randn(3, 7, 4)
    y = layer(x)
    for s in range(3):
        assert torch.allclose(
            y[s], torch.nn.functional.linear(x[s], layer.weight[s], layer.bias[s, 0]), atol=1e-6
        )
    assert (layer.weight.abs() <= 0.5).all() and layer.weight.std() > 0.2  # U(-1, 1) / sqrt(4)
    assert rl.OneHot(3)(torch.tensor([[2, 0]])).tolist() == [[[0, 0, 1], [1, 0, 0]]]
    scaled = rl.Scale([2.0, 4.0], "cpu")(torch.tensor([[[1.0, 1.0]]]))
    assert scaled.tolist() == [[[0.5, 0.25]]]


def test_dueling_adds_the_value_to_advantages_of_mean_zero():
    network = rl.dueling_network(rl.Seeds(3), Clock.observation_space, 4, hidden=(8, 5))
    obs = torch.randn(3, 7, 1)
    q, features = network(obs), network.body(obs)
    value, advantage = network.value(features), network.advantage(features)
    assert torch.allclose(q.mean(-1, keepdim=True), value, atol=1e-6)
    assert torch.allclose(q - value, advantage - advantage.mean(-1, keepdim=True), atol=1e-6)
    with torch.no_grad():
        network.advantage[-1].bias += 3.0  # a constant is taken out again
    assert torch.allclose(network(obs), q, atol=1e-5)
