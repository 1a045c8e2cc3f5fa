"""The equations of learning: pure functions on tensors, (S, B) in a minibatch, (S, T, ...) in time."""

import torch


def q_target(reward, discount, q_next, q_next_online=None):
    """y = r + discount * max_a Q(s', a; theta-).

    reward, discount (S, B); q_next (S, B, A) -> (S, B). `discount` is gamma, or 0 after termination;
    `q_next_online` is for Double DQN and not needed here. Source: Mnih et al. (2015).
    """
    return reward + discount * q_next.amax(-1)


def double_q_target(reward, discount, q_next, q_next_online):
    """y = r + discount * Q(s', argmax_a Q(s', a; theta); theta-).

    reward, discount (S, B); q_next, q_next_online (S, B, A) -> (S, B). Source: van Hasselt et al. (2016).
    """
    best = q_next_online.argmax(-1, keepdim=True)
    return reward + discount * q_next.gather(-1, best).squeeze(-1)


def returns_to_go(reward, ended, gamma, last=0.0):
    """G_t = r_t + gamma * G_{t+1} inside an episode; G_t = r_t where it ended.

    reward, ended (S, T, ...) -> (S, T, ...); `last` (S, ...) follows the last step if its episode is open.
    """
    total, out = torch.zeros_like(reward[:, 0]) + last, torch.empty_like(reward)
    for t in reversed(range(reward.shape[1])):
        total = reward[:, t] + gamma * ~ended[:, t] * total
        out[:, t] = total
    return out


def gae(reward, value, next_value, terminated, ended, gamma, lam):
    """A_t = delta_t + gamma * lam * A_{t+1}, with delta_t = r_t + gamma * V(s_{t+1}) - V(s_t).

    All (S, T, ...) -> (S, T, ...). V(s_{t+1}) counts as 0 after termination, not after truncation; the sum
    stops where an episode ended. `next_value` is of the true last observation. Source: Schulman et al.
    (2016).
    """
    delta = reward + gamma * ~terminated * next_value - value
    return returns_to_go(delta, ended, gamma * lam)
