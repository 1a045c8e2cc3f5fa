"""Exact optima, and tables that reach them."""

import gymnasium as gym
import numpy as np
import pytest
import torch

import course_rl as rl


def two_states():
    """State 0: action 0 stays and pays 1, action 1 terminates and pays 10 - worth it for gamma below 0.9."""
    transition = torch.zeros(1, 2, 1, dtype=torch.float64)
    transition[0, 0, 0] = 1.0
    return transition, torch.tensor([[1.0, 10.0]], dtype=torch.float64)


@pytest.mark.parametrize(("gamma", "stay"), [(0.5, 1 + 0.5 * 10), (0.95, 1 / 0.05), (0.0, 1.0)])
def test_value_iteration_by_hand(gamma, stay):
    q = rl.value_iteration(*two_states(), gamma)
    assert torch.allclose(q, torch.tensor([[stay, 10.0]], dtype=torch.float64))


@pytest.mark.parametrize(
    ("env_id", "kwargs"), [("FrozenLake-v1", {}), ("CliffWalking-v1", {}), ("Taxi-v4", {})]
)
def test_value_iteration_satisfies_the_bellman_optimality_equation(env_id, kwargs):
    transition, reward, initial = rl.model(env_id, **kwargs)
    q = rl.value_iteration(transition, reward, 0.99)
    assert torch.allclose(q, reward + 0.99 * transition @ q.amax(1), atol=1e-8)
    assert initial.sum() == 1 and (transition.sum(-1) <= 1 + 1e-12).all()
    greedy = torch.nn.functional.one_hot(q.argmax(1), q.shape[1]).double()
    assert torch.allclose(rl.policy_value(transition, reward, greedy, 0.99), q.amax(1), atol=1e-7)


def test_the_model_against_a_loop_over_the_published_table():
    transition, reward, _ = rl.model("FrozenLake-v1")
    table = gym.make("FrozenLake-v1").unwrapped.P
    for s in table:
        for a in table[s]:
            assert reward[s, a].item() == pytest.approx(sum(p * r for p, _, r, _ in table[s][a]))
            for n in table:
                assert transition[s, a, n].item() == pytest.approx(
                    sum(p for p, m, _, end in table[s][a] if m == n and not end)
                )


def test_policy_value_against_monte_carlo():
    transition, reward, initial = rl.model("FrozenLake-v1")
    q = rl.value_iteration(transition, reward, 0.99)
    value = rl.policy_value(transition, reward, torch.nn.functional.one_hot(q.argmax(1), 4).double(), 1.0)
    returns = rl.evaluate(
        rl.greedy(rl.lookup(q.expand(20, -1, -1))), "FrozenLake-v1", 20, 200, max_episode_steps=10_000
    )
    error = returns.std() / np.sqrt(returns.size)
    assert abs(returns.mean() - float(initial @ value)) < 4 * error


def test_q_learning_reaches_the_optimum_of_a_deterministic_lake():
    q_star = rl.value_iteration(*rl.model("FrozenLake-v1", is_slippery=False)[:2], 0.9)
    curve, q = rl.q_learning(
        "FrozenLake-v1",
        is_slippery=False,
        seeds=5,
        steps=40_000,
        sub_envs=20,
        gamma=0.9,
        step_size=0.5,
        epsilon=1.0,
        tests=1,
    )
    assert torch.allclose(q.double(), q_star.expand(5, -1, -1), atol=0.01)
    assert (curve.test.value[:, -1] == 1.0).all()


def test_one_update_by_hand():
    """One step right, into a hole: q moves by step_size * (0 - q), and no value of the hole is added."""
    _, q = rl.q_learning(
        "FrozenLake-v1",
        map_name=None,
        desc=["SH", "FG"],
        is_slippery=False,
        seeds=2,
        steps=1,
        tests=0,
        act=lambda q, epsilon, rng: torch.full(q.shape[:2], 2),
        initial=4.0,
        step_size=0.25,
    )
    assert (q[:, 0, 2] == 3.0).all() and (q.flatten(1).sum(1) == 4.0 * 16 - 1.0).all()


@pytest.mark.parametrize(("action", "value"), [(3, 2.0), (2, 1.0)])
def test_tables_bootstrap_through_truncation_and_not_through_termination(action, value):
    """Every step pays 1, gamma 1/2, time limit 1: up stays and is cut, value 2; right ends, value 1."""
    _, q = rl.q_learning(
        "FrozenLake-v1",
        map_name=None,
        desc=["SH", "FG"],
        is_slippery=False,
        reward_schedule=(1, 1, 1),
        max_episode_steps=1,
        gamma=0.5,
        steps=400,
        seeds=2,
        tests=0,
        act=lambda q, epsilon, rng: torch.full(q.shape[:2], action),
    )
    assert torch.allclose(q[:, 0, action], torch.tensor(value), atol=0.01)


def test_epsilon_greedy_and_random_ties():
    rng, q = rl.Seeds(4), torch.tensor([1.0, 3.0, 3.0, 2.0]).expand(4, 5_000, 4)
    counts = torch.bincount(rl.random_argmax(q, rng).flatten(), minlength=4) / 20_000
    assert counts[0] == counts[3] == 0 and abs(counts[1] - 0.5) < 0.02
    counts = torch.bincount(rl.epsilon_greedy(q, 0.4, rng).flatten(), minlength=4) / 20_000
    assert torch.allclose(counts, torch.tensor([0.1, 0.4, 0.4, 0.1]), atol=0.02)
    assert (rl.epsilon_greedy(q, 1.0, rng) == rl.epsilon_greedy(q, 1.0, rng)).float().mean() < 0.3


def test_lookup_keeps_the_seeds_apart():
    q = torch.arange(12.0).view(2, 3, 2)
    assert rl.lookup(q)(torch.tensor([[0, 2], [1, 1]])).tolist() == [[[0, 1], [4, 5]], [[8, 9], [8, 9]]]
