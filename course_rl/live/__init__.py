"""Agents that play in the page: each function returns the output of a cell, self-contained HTML."""

import numpy as np

from course_rl.curves import Curve
from course_rl.guard import integer, number, require
from course_rl.live.frame import Live, encode, weights
from course_rl.live.movies import movies
from course_rl.networks import Linear, Scale
from course_rl.tabular import model, value_iteration
from course_rl.vector import Tables, maker


def cart_pole(curve, network, *, seeds=None, agents=4, moments=10, gamma=0.99, reward_scale=1.0, play=False):
    """The DQN agents of a `Curve` on CartPole-v1: to push, to play against, to see at moments of training.

    curve, network: of `rl.dqn("CartPole-v1", ..., probe=rl.live.weights)` with a `q_network`, whose `seeds`,
    `gamma` and `reward_scale` are to be given again. Shown are the first `agents` seeds at `moments` of the
    tests, evenly spread. `play`: it begins by itself when it comes into view.
    """
    number("gamma", gamma, 0.0, 1.0)
    number("reward_scale", reward_scale, 0.0)
    require(reward_scale > 0, "reward_scale", reward_scale, "positive")
    layers = [layer for layer in network.modules() if isinstance(layer, Linear)]
    scales = [layer for layer in network.modules() if isinstance(layer, Scale)]
    sizes = [layer.weight.shape[2] for layer in layers] + [layers[-1].weight.shape[1]] if layers else []
    require(len(scales) == 1 and sizes[0] == 4 and sizes[-1] == 2, "network", network,
            "a q_network of CartPole-v1")
    data = _moments(curve, seeds, agents, moments)
    n_weights = sum(n * m + m for n, m in zip(sizes, sizes[1:], strict=False))
    require(data["probe"].shape[2:] == (n_weights,), "curve.probe", curve.probe.shape,
            f"of shape (S, K, {n_weights}), the weights of the network: train with probe=rl.live.weights")
    scale = scales[0].scale.expand(4).tolist()
    data |= {"probe": encode(data["probe"]), "sizes": sizes, "scale": scale, "gamma": gamma,
             "rewardScale": reward_scale, "play": bool(play)}
    return Live("cart_pole", data, f"Live agent: CartPole-v1, {len(data['seeds'])} seeds at "
                                   f"{len(data['steps'])} moments of their training. It plays in a browser.")


def grid(curve, env_id, *, gamma, seeds=None, agents=4, moments=12, epsilon=0.1, step_size=0.1, **env_kwargs):
    """The tables of a `Curve` on a FrozenLake: to see at moments of training, to go on learning in the page.

    curve: of `rl.q_learning(env_id, ..., **env_kwargs)` with a `probe` that gives the whole table (S, N, A).
    Shown are the first `agents` of the `seeds` at `moments` of the tests, and a table of zeros before them.
    In the page learning begins with `epsilon` and `step_size`.
    """
    number("gamma", gamma, 0.0, 1.0)
    number("epsilon", epsilon, 0.0, 1.0)
    number("step_size", step_size, 0.0, 1.0)
    make = maker(env_id, env_kwargs)
    lake = getattr(make().unwrapped, "desc", None)
    require(lake is not None and hasattr(make().unwrapped, "P"), "env_id", env_id,
            "an environment with a transition table P and a map desc, like FrozenLake-v1")
    transition, reward, _ = model(env_id, **env_kwargs)
    data, shape = _moments(curve, seeds, agents, moments), tuple(reward.shape)
    require(data["probe"].shape[2:] == shape, "curve.probe", curve.probe.shape,
            f"of shape (S, K, {shape[0]}, {shape[1]}), the whole table of each test")
    table, tables = Tables(make, 1, 1), data["probe"]
    tables = np.concatenate([np.zeros_like(tables[:, :1]), tables], 1)
    data |= {
        "probe": encode(tables), "steps": [0, *data["steps"]], "gamma": gamma, "epsilon": epsilon,
        "stepSize": step_size, "lake": [b"".join(row).decode() for row in lake],
        "limit": int(table.limit) if np.isfinite(table.limit) else None,
        "cumulative": table.cumulative.tolist(), "reward": table.reward.tolist(),
        "nextState": table.next_state.tolist(), "terminated": table.terminated.tolist(),
        "initial": table.initial.tolist(), "optimum": value_iteration(transition, reward, gamma).tolist(),
    }
    return Live("grid", data, f"Live agent: Q-learning on {env_id}, {len(data['seeds'])} seeds at "
                              f"{len(data['steps'])} moments. It learns in a browser.")


def _moments(curve, seeds, agents, moments):
    """What `curve` recorded of the first `agents` seeds at `moments` of its tests."""
    integer("agents", agents, 1)
    integer("moments", moments, 2)
    require(isinstance(curve, Curve) and curve.test is not None and curve.probe is not None, "curve", curve,
            "the Curve of a training with tests and a probe")
    n, n_tests = curve.test.value.shape
    seeds = list(range(n)) if seeds is None else list(seeds)
    require(len(seeds) == n, "seeds", seeds, f"the {n} seeds of the curve")
    chosen = np.unique(np.linspace(0, n_tests - 1, moments).round().astype(int))
    return {"seeds": [int(seed) for seed in seeds[:agents]], "steps": curve.test.step[chosen].tolist(),
            "returns": curve.test.value[:agents, chosen].tolist(), "probe": curve.probe[:agents, chosen]}
