"""Layers with one set of weights per seed, and the networks of the course."""

import math

import gymnasium as gym
import torch
import torch.nn.functional as F
from torch import nn

from course_rl.guard import integer, require


def _weights(rng, fan_in, *shape):
    """PyTorch's default for linear layers, U(-1, 1) / sqrt(fan_in), drawn from each seed's own stream."""
    return nn.Parameter((2 * rng.uniform(*shape) - 1) / math.sqrt(fan_in))


class Linear(nn.Module):
    """(S, B, n_in) -> (S, B, n_out): seed i's rows meet seed i's weights only."""

    def __init__(self, rng, n_in, n_out):
        super().__init__()
        self.weight = _weights(rng, n_in, n_out, n_in)
        self.bias = _weights(rng, n_in, 1, n_out)

    def forward(self, x):
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
        layers += [Linear(rng, n_in, n_out), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def q_network(rng, obs_space, n_actions, hidden=(64, 64), scale=1.0):
    """obs (S, B, *obs_shape) -> q (S, B, A).

    Box observations are divided by `scale` (one number, or one per entry); Discrete ones are one-hot, so that
    `hidden=()` is a table plus a bias.
    """
    for n in hidden:
        integer("hidden", n, 1)
    if isinstance(obs_space, gym.spaces.Discrete):
        return nn.Sequential(OneHot(int(obs_space.n)), mlp(rng, int(obs_space.n), *hidden, n_actions))
    n_in = math.prod(obs_space.shape)
    sizes = torch.as_tensor(scale)
    require(sizes.numel() in (1, n_in) and bool((sizes > 0).all()), "scale", scale,
            f"one positive number, or {n_in} of them, one per observed number")
    return nn.Sequential(Scale(scale, rng.device), mlp(rng, n_in, *hidden, n_actions))


def weight_matrix(network):
    """All weights as one matrix (S, P), a row per seed; the network's parameters become views of it."""
    parameters = list(network.parameters())
    matrix = torch.cat([p.detach().flatten(1) for p in parameters], 1)
    # Whole vector registers: else the rounding of a row would depend on the rows beside it.
    matrix = F.pad(matrix, (0, -matrix.shape[1] % 64))
    matrix.grad = torch.zeros_like(matrix)
    start = 0
    for p in parameters:
        p.data = matrix[:, start:start + p[0].numel()].view(p.shape)
        start += p[0].numel()
    return matrix


def differentiate(objective, network, weights):
    """Fill weights.grad (S, P) with the gradient of each seed's objective (S,) by its own weights.

    The seeds share no weight, so the gradient of the sum is that of every summand, side by side.
    """
    gradients = torch.autograd.grad(objective.sum(), list(network.parameters()))
    flat = torch.cat([gradient.flatten(1) for gradient in gradients], 1)
    weights.grad[:, :flat.shape[1]] = flat
