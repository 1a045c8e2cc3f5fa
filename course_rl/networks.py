"""Layers with one set of weights per seed, and the networks of the course."""

import math

import gymnasium as gym
import torch
import torch.nn.functional as F
from torch import nn

from course_rl.distributions import Categorical, Gaussian
from course_rl.guard import integer, require


def weights(rng, fan_in, *shape):
    """PyTorch's default for linear layers, U(-1, 1) / sqrt(fan_in), drawn from each seed's own stream."""
    return nn.Parameter((2 * rng.uniform(*shape) - 1) / math.sqrt(fan_in))


class Linear(nn.Module):
    """(S, B, n_in) -> (S, B, n_out): seed i's rows meet seed i's weights only."""

    def __init__(self, rng, n_in, n_out):
        super().__init__()
        self.weight = weights(rng, n_in, n_out, n_in)
        self.bias = weights(rng, n_in, 1, n_out)

    def forward(self, x):
        if self.weight.shape[1] == 1:  # as matrices these go to a routine that rounds one seed otherwise
            return (x * self.weight).sum(-1, keepdim=True) + self.bias
        return torch.baddbmm(self.bias, x, self.weight.mT)


class OneHot(nn.Module):
    """State numbers (S, B) -> (S, B, n)."""

    def __init__(self, n):
        super().__init__()
        self.n = n

    def forward(self, obs):
        return F.one_hot(obs.long(), self.n).float()


class Scale(nn.Module):
    """(S, B, *shape) -> (S, B, n), each observed number divided by its typical size."""

    def __init__(self, scale, device):
        super().__init__()
        self.register_buffer("scale", torch.as_tensor(scale, dtype=torch.float32, device=device))

    def forward(self, obs):
        return obs.flatten(2) / self.scale


def mlp(rng, *sizes):
    """Linear layers with ReLU between them: (S, B, sizes[0]) -> (S, B, sizes[-1])."""
    layers = []
    for n_in, n_out in zip(sizes, sizes[1:], strict=False):
        layers += [Linear(rng, n_in, n_out), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers[:-1])


def _from_obs(rng, obs_space, n_out, hidden, scale):
    """obs (S, B, *obs_shape) -> (S, B, n_out)."""
    for n in hidden:
        integer("hidden", n, 1)
    if isinstance(obs_space, gym.spaces.Discrete):
        return nn.Sequential(OneHot(int(obs_space.n)), mlp(rng, int(obs_space.n), *hidden, n_out))
    require(isinstance(obs_space, gym.spaces.Box), "obs_space", obs_space,
            "Discrete or a Box; pass a network that reads these observations")
    n_in = math.prod(obs_space.shape)
    sizes = torch.as_tensor(scale)
    require(sizes.numel() in (1, n_in) and bool((sizes > 0).all()), "scale", scale,
            f"one positive number, or {n_in} of them, one per observed number")
    return nn.Sequential(Scale(scale, rng.device), mlp(rng, n_in, *hidden, n_out))


def q_network(rng, obs_space, n_actions, hidden=(64, 64), scale=1.0):
    """obs (S, B, *obs_shape) -> q (S, B, A).

    Box observations are divided by `scale` (one number, or one per entry); Discrete ones are one-hot, so that
    `hidden=()` is a table plus a bias.
    """
    return _from_obs(rng, obs_space, n_actions, hidden, scale)


class Dueling(nn.Module):
    """q(s, a) = V(s) + A(s, a) - mean of A(s, .): obs (S, B, *obs_shape) -> q (S, B, A).

    Without the mean V and A could exchange a constant: q would not determine them. Source: Wang et al.
    (2016).
    """

    def __init__(self, body, value, advantage):
        super().__init__()
        self.body, self.value, self.advantage = body, value, advantage

    def forward(self, obs):
        features = self.body(obs)
        advantage = self.advantage(features)
        return self.value(features) + advantage - advantage.mean(-1, keepdim=True)


def dueling_network(rng, obs_space, n_actions, hidden=(64, 64), scale=1.0):
    """obs (S, B, *obs_shape) -> q (S, B, A): as `q_network`, but the last hidden layer is there twice.

    One reads the value of the state from the layers before it, the other the advantages of the actions.
    """
    require(len(hidden) > 1, "hidden", hidden, "at least two layers: a shared one, and one for each stream")
    *shared, n_features, n = hidden
    integer("hidden", n, 1)
    body = nn.Sequential(_from_obs(rng, obs_space, n_features, shared, scale), nn.ReLU(inplace=True))
    return Dueling(body, mlp(rng, n_features, n, 1), mlp(rng, n_features, n, n_actions))


class ValueNetwork(nn.Module):
    """obs (S, B, *obs_shape) -> V(s) (S, B)."""

    def __init__(self, body):
        super().__init__()
        self.body = body

    def forward(self, obs):
        return self.body(obs).squeeze(-1)


def value_network(rng, obs_space, hidden=(64, 64), scale=1.0):
    """obs (S, B, *obs_shape) -> V(s) (S, B); observations enter as in `q_network`."""
    return ValueNetwork(_from_obs(rng, obs_space, 1, hidden, scale))


class CategoricalPolicy(nn.Module):
    """obs (S, B, *obs_shape) -> Categorical."""

    def __init__(self, body):
        super().__init__()
        self.body = body

    def forward(self, obs):
        return Categorical(self.body(obs))


class GaussianPolicy(nn.Module):
    """obs (S, B, *obs_shape) -> Gaussian: the mean depends on the state, the standard deviation does not."""

    def __init__(self, body, log_std):
        super().__init__()
        self.body, self.log_std = body, nn.Parameter(log_std)

    def forward(self, obs):
        mean = self.body(obs)
        return Gaussian(mean, self.log_std.expand_as(mean))


def policy_network(rng, obs_space, action_space, hidden=(64, 64), scale=1.0):
    """obs (S, B, *obs_shape) -> Categorical for Discrete actions, Gaussian for a Box of D numbers.

    The last layer starts at a hundredth of its usual size: at first all actions are about equally likely, or
    normal around the middle between their bounds, with a standard deviation of half the distance of these.
    Observations enter as in `q_network`.
    """
    discrete = isinstance(action_space, gym.spaces.Discrete)
    n_out = int(action_space.n) if discrete else action_space.shape[0]
    body = _from_obs(rng, obs_space, n_out, hidden, scale)
    for p in body[-1][-1].parameters():
        p.data *= 0.01
    return CategoricalPolicy(body) if discrete else GaussianPolicy(
        body, torch.zeros(len(rng), 1, n_out, device=rng.device))
