"""Networks that read films: one set of weights for every film of the catalogue, whatever its size."""

import torch
import torch.nn.functional as F
from torch import nn

from course_rl.distributions import Categorical
from course_rl.movierec.policies import split
from course_rl.movierec.world import HISTORY, STRETCH
from course_rl.networks import Linear, ValueNetwork, mlp

FEATURES = 2 + 2 * HISTORY


class Films(nn.Module):
    """What is known of a film before it is recommended: obs (S, B, 13) -> (S, B, C, 12).

    Predicted rating and popularity, both of about unit size, and for each place of the history whether the
    film there is of the same group, and whether it is the same film. Nothing of clicking, boredom, leaving.
    """

    def __init__(self, world, device="cpu"):
        super().__init__()
        self.mean = world.mean
        constants = dict(factors=world.film, bias=world.bias, popularity=world.popularity, group=world.group,
                         group_of=world.group_of, all=range(world.n_films))
        for name, x in constants.items():
            self.register_buffer(name, torch.as_tensor(x, device=device))

    def rating(self, user, film):
        taste = (user[..., None, :] * self.factors[film]).sum(-1)
        return (self.mean + self.bias[film] + STRETCH * taste).clamp(0.5, 5)

    def forward(self, obs, film=None):
        """film (S, B, C): the films asked about; all of the catalogue if None."""
        film = self.all if film is None else film
        user, history = split(obs)
        rating = self.rating(user, film)  # (S, B, C)
        same_group = self.group_of[history][..., None, :] == self.group[film][..., None]
        same_film = history[..., None, :] == film[..., None] + 1
        numbers = torch.stack([2 * (rating - 3.5), self.popularity[film].expand_as(rating)], -1)
        return torch.cat([numbers, same_group, same_film], -1)


class FilmScores(nn.Module):
    """obs (S, B, 13) -> a score per film (S, B, C): a film is read alone, then beside the mean of all."""

    def __init__(self, rng, world, hidden=32):
        super().__init__()
        self.films = Films(world, rng.device)
        self.read = Linear(rng, FEATURES, hidden)
        self.alone, self.beside = Linear(rng, hidden, hidden), Linear(rng, hidden, hidden)
        self.score = Linear(rng, hidden, 1)

    def embed(self, obs, film=None):
        """(S, B, C, hidden)"""
        x = self.films(obs, film)
        return F.relu(self.read(x.flatten(1, 2))).unflatten(1, x.shape[1:3])

    def forward(self, obs, film=None):
        x = self.embed(obs, film)
        alone = self.alone(x.flatten(1, 2)).unflatten(1, x.shape[1:3])
        x = F.relu(alone + self.beside(x.mean(2))[:, :, None])
        return self.score(x.flatten(1, 2)).unflatten(1, x.shape[1:3]).squeeze(-1)


class FilmPolicy(FilmScores):
    """obs (S, B, 13) -> Categorical over the films; at first all are about equally likely."""

    def __init__(self, rng, world, hidden=32):
        super().__init__(rng, world, hidden)
        for p in self.score.parameters():
            p.data *= 0.01

    def forward(self, obs):
        return Categorical(super().forward(obs))


class FilmMean(nn.Module):
    """obs (S, B, 13) -> (S, B, 1), out of the mean of all films."""

    def __init__(self, rng, world, hidden=32):
        super().__init__()
        self.films, self.read = Films(world, rng.device), Linear(rng, FEATURES, hidden)
        self.value = mlp(rng, hidden, hidden, 1)

    def forward(self, obs):
        x = self.films(obs)
        x = F.relu(self.read(x.flatten(1, 2))).unflatten(1, x.shape[1:3])
        return self.value(x.mean(2))


def q_network(world, hidden=32):
    """The slot `network` of `dqn`, for this world."""
    return lambda rng, obs_space, n_actions: FilmScores(rng, world, hidden)


def policy_network(world, hidden=32):
    """The slot `policy` of `reinforce`, `a2c` and `ppo`, for this world."""
    return lambda rng, obs_space, action_space: FilmPolicy(rng, world, hidden)


def value_network(world, hidden=32):
    """Their slot `value`."""
    return lambda rng, obs_space: ValueNetwork(FilmMean(rng, world, hidden))
