"""The gradients of all seeds as one matrix, a row per seed; what is done to one never touches another."""

import torch
import torch.nn.functional as F

from course_rl.guard import number


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


def descend(objective, network, weights, optimizer, clip, learning_rate):
    """One step of the optimizer down each seed's objective (S,)."""
    differentiate(objective, network, weights)
    clip(weights.grad)
    optimizer.param_groups[0]["lr"] = learning_rate
    optimizer.step()


def unclipped(grad):
    """Leave the gradient as it is."""


def clip_norm(limit):
    """Scale each seed's gradient (a row) down to length `limit`: seeds never share a norm."""
    number("limit", limit, 0.0)
    return lambda grad: grad.mul_((limit / grad.norm(dim=1, keepdim=True)).clamp_(max=1.0))


def clip_value(limit):
    """Clamp every entry of the gradient to [-limit, limit]."""
    number("limit", limit, 0.0)
    return lambda grad: grad.clamp_(-limit, limit)
