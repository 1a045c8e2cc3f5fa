"""From action values to actions."""

import torch


def random_argmax(q, rng):
    """A best action, ties broken at random: q (S, E, A) -> action (S, E)."""
    best = q == q.amax(-1, keepdim=True)
    return torch.where(best, rng.uniform(*q.shape[1:]), -1.0).argmax(-1)


def epsilon_greedy(q, epsilon, rng):
    """With probability epsilon any action, else a best one: q (S, E, A) -> action (S, E)."""
    explore = rng.uniform(q.shape[1]) < epsilon
    return torch.where(explore, rng.integers(q.shape[2], q.shape[1]), random_argmax(q, rng))
