"""What a stochastic policy returns: a distribution over actions for every row, for every seed."""

import math
from typing import NamedTuple

import torch


class Categorical:
    """One of A actions: logits (S, B, A), any numbers, kept as log-probabilities."""

    def __init__(self, logits):
        self.logits = logits.log_softmax(-1)

    def sample(self, rng):
        """Action (S, B): the first whose cumulative probability exceeds a uniform number."""
        cumulative = self.logits.exp().cumsum(-1)
        below = rng.uniform(self.logits.shape[1], 1) >= cumulative[..., :-1]  # the last action takes the rest
        return below.sum(-1)

    def mode(self):
        return self.logits.argmax(-1)

    def log_prob(self, action):
        """log pi(a | s): action (S, B) -> (S, B)."""
        return self.logits.gather(-1, action[..., None]).squeeze(-1)

    def entropy(self):
        """-sum_a pi log pi, in nats: (S, B)."""
        return -(self.logits.exp() * self.logits).sum(-1)

    def kl(self, other):
        """KL(self || other) = sum_a pi (log pi - log pi'): (S, B)."""
        return (self.logits.exp() * (self.logits - other.logits)).sum(-1)


class Gaussian(NamedTuple):
    """D independent normal numbers, unbounded: mean and log_std (S, B, D)."""

    mean: torch.Tensor
    log_std: torch.Tensor

    def sample(self, rng):
        """Action (S, B, D)."""
        return self.mean + self.log_std.exp() * rng.normal(*self.mean.shape[1:])

    def mode(self):
        return self.mean

    def log_prob(self, action):
        """The logarithm of the density, summed over D: action (S, B, D) -> (S, B)."""
        z = (action - self.mean) / self.log_std.exp()
        return -(z**2 / 2 + self.log_std + math.log(2 * math.pi) / 2).sum(-1)

    def entropy(self):
        """Differential entropy in nats, summed over D: (S, B)."""
        return (self.log_std + math.log(2 * math.pi * math.e) / 2).sum(-1)

    def kl(self, other):
        """KL(self || other): (S, B)."""
        variance, other_variance = (2 * self.log_std).exp(), (2 * other.log_std).exp()
        square = (variance + (self.mean - other.mean) ** 2) / other_variance
        return (other.log_std - self.log_std + square / 2 - 0.5).sum(-1)
