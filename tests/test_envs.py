"""What the agents learn from: every transition true, every episode ended once, none begun alike."""

import gymnasium as gym
import numpy as np
import pytest
import torch
from tiny import Clock

import course_rl as rl

BACKENDS = {
    "Sync": lambda sub_envs: rl.Envs(Clock, rl.Seeds(2), sub_envs),
    "CartPoles": lambda sub_envs: rl.Envs("CartPole-v1", rl.Seeds(2), sub_envs, max_episode_steps=30),
    "Tables": lambda sub_envs: rl.Envs("FrozenLake-v1", rl.Seeds(2), sub_envs, max_episode_steps=20),
    "MovieRecs": lambda sub_envs: rl.Envs(rl.movierec.ID, rl.Seeds(2), sub_envs),
}


def walk(envs, steps):
    """`steps` random steps."""
    for _ in range(steps):
        yield envs.step(envs.rng.integers(envs.n_actions, envs.sub_envs))


@pytest.mark.parametrize("name", BACKENDS)
def test_the_backend_is_the_one_meant(name):
    assert type(BACKENDS[name](1)._vector).__name__ == name


@pytest.mark.parametrize("name", BACKENDS)
def test_steps_join_and_the_last_observation_is_the_true_one(name):
    envs = BACKENDS[name](3)
    before = None
    for step in walk(envs, 200):
        if before is not None:
            go = ~before.ended
            assert torch.equal(
                before.next_obs[go], step.obs[go]
            )  # inside an episode, one step ends where the next begins
        assert (step.terminated <= step.ended).all()
        before = step
    assert step.reward.shape == step.ended.shape == (2, 3) and step.reward.dtype == torch.float32


@pytest.mark.parametrize("terminates", [True, False])
def test_terminated_truncated_and_the_last_observation(terminates):
    envs = rl.Envs(Clock, rl.Seeds(2), 2, length=3, terminates=terminates)
    for t, step in enumerate(walk(envs, 7)):
        last = t % 3 == 2
        assert (step.obs == t % 3).all() and (
            step.next_obs == t % 3 + 1
        ).all()  # 3 is seen, although 0 follows it
        assert (step.ended == last).all() and (step.terminated == (last and terminates)).all()
        assert (envs.obs == (t + 1) % 3).all()  # no row in between belongs to the reset
        assert np.array_equal(envs.returns[-1], np.full((2, 2), 3.0 if last else np.nan), equal_nan=True)


@pytest.mark.parametrize("name", ["CartPole-v1", "MountainCar-v0"])
def test_initial_observations_differ_between_episodes_seeds_and_sub_environments(name):
    envs = rl.Envs(name, rl.Seeds(3), 2, max_episode_steps=4)
    starts = [envs.obs]
    for step in walk(envs, 40):
        if step.ended.any():
            starts.append(envs.obs)
    starts = torch.cat(starts).flatten(0, 1)
    assert len(starts) >= 40 and len(torch.unique(starts, dim=0)) > 0.9 * len(starts)


def test_table_starts_are_drawn_anew():
    envs = rl.Envs("Taxi-v4", rl.Seeds(3), 2, max_episode_steps=2)
    starts = torch.stack([envs.obs.clone() for step in walk(envs, 40) if step.ended.all()])
    assert min(len(torch.unique(column)) for column in starts.flatten(1).T) > 5


def test_cart_poles_move_as_gymnasiums_single_cart_pole_does():
    envs = rl.Envs("CartPole-v1", rl.Seeds(2), 2)
    singles = [gym.make("CartPole-v1").unwrapped for _ in range(4)]
    for single, state in zip(singles, envs._vector.envs.state.T, strict=True):
        single.reset()
        single.state = state.copy()
    for step in walk(envs, 100):
        for k, single in enumerate(singles):
            s, e = divmod(k, 2)
            obs, reward, terminated, _, _ = single.step(int(step.action[s, e]))
            assert np.allclose(obs, step.next_obs[s, e], atol=1e-6) and reward == step.reward[s, e]
            assert terminated == step.terminated[s, e]
            if terminated:
                single.reset()
                single.state = envs._vector.envs.state[:, k].copy()


def test_cart_pole_is_truncated_at_500_steps_and_not_terminated():
    envs = rl.Envs("CartPole-v1", rl.Seeds(1))
    for t in range(500):
        _, _, theta, theta_dot = envs.obs[0, 0]
        x, x_dot = envs.obs[0, 0, :2]
        step = envs.step((theta + 0.3 * theta_dot + 0.03 * x + 0.1 * x_dot > 0).long().reshape(1, 1))
        assert bool(step.ended) == (t == 499) and not step.terminated
    assert envs.returns[-1] == 500 and (envs.obs.abs() <= 0.05).all()


@pytest.mark.parametrize(
    ("env_id", "kwargs"),
    [
        ("FrozenLake-v1", {}),
        ("FrozenLake-v1", {"is_slippery": False}),
        ("CliffWalking-v1", {"max_episode_steps": 50}),
        ("Taxi-v4", {}),
    ],
)
def test_tables_follow_the_published_probabilities(env_id, kwargs):
    transition, reward, initial = rl.model(env_id, **kwargs)
    envs = rl.Envs(env_id, rl.Seeds(40), 10, **kwargs)
    seen = torch.zeros_like(transition)
    gained, terminated, visits = torch.zeros_like(reward), torch.zeros_like(reward), torch.zeros_like(reward)
    for step in walk(envs, 300):
        s, a = step.obs.flatten(), step.action.flatten()
        one = torch.ones(len(s), dtype=torch.float64)
        seen.index_put_((s, a, step.next_obs.flatten()), one * ~step.terminated.flatten(), accumulate=True)
        gained.index_put_((s, a), step.reward.flatten().double(), accumulate=True)
        terminated.index_put_((s, a), one * step.terminated.flatten(), accumulate=True)
        visits.index_put_((s, a), one, accumulate=True)
    often = visits > 20
    assert often.sum() >= 12
    n = visits[often][:, None]
    error = 5 * (0.25 / n).sqrt()  # five standard errors of a frequency of one half, the widest
    assert ((seen[often] / n - transition[often]).abs() <= error).all()
    assert ((terminated[often] / n[:, 0] - (1 - transition[often].sum(1))).abs() <= error[:, 0]).all()
    assert torch.allclose(gained[often] / n[:, 0], reward[often], atol=0.4)


def test_evaluate_counts_the_first_episode_of_each_environment():
    episodes = rl.evaluate(
        lambda obs: torch.zeros(obs.shape[:2], dtype=torch.long), Clock, seeds=3, episodes=4, length=7
    )
    assert np.array_equal(episodes, np.full((3, 4), 7.0))


def test_greedy_takes_the_best_action_without_a_gradient():
    q = torch.tensor([[[1.0, 3.0, 2.0]]], requires_grad=True)
    action = rl.greedy(lambda obs: q)(None)
    assert action.tolist() == [[1]] and not action.requires_grad
