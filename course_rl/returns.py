"""The equations of value learning: pure functions on tensors, leading axes (S, B)."""


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
