"""Deep Q-learning (Mnih et al., 2015) for many seeds at once; its relatives are functions passed in."""

import copy
import functools
import inspect

import torch
import torch.nn.functional as F
from tqdm import tqdm

from course_rl.acting import epsilon_greedy
from course_rl.curves import Recorder
from course_rl.envs import Envs, greedy
from course_rl.gradients import descend, unclipped, weight_matrix
from course_rl.guard import finite, function, integer, number
from course_rl.networks import q_network
from course_rl.replay import Replay
from course_rl.returns import q_target
from course_rl.schedules import linear, schedule
from course_rl.seeds import Seeds

SLOTS = {
    "network": "(rng, obs_space, n_actions) -> module", "replay": "(capacity, gamma, n_step) -> memory",
    "target": "(reward, discount, q_next, q_next_online) -> (S, B)",
    "sync": "(frozen, online, update) -> None",
    "act": "(q, epsilon, rng) -> action (S, E)", "loss": "td_error (S, B) -> (S, B)",
    "clip": "grad (S, P) -> None, in place",
}


def hard_update(every):
    """Copy the online weights to the target network after every `every`-th update."""
    integer("every", every, 1)

    def sync(frozen, online, update):
        if update % every == 0:
            frozen.copy_(online)
    return sync


def soft_update(tau):
    """Move the target network a fraction `tau` towards the online network after every update."""
    number("tau", tau, 0.0, 1.0)
    return lambda frozen, online, update: frozen.lerp_(online, tau)


def squared(td_error):
    return td_error**2


def huber(td_error):
    """Quadratic up to 1, linear beyond: the gradient of an outlier is bounded (Huber, 1964)."""
    return F.huber_loss(td_error, torch.zeros_like(td_error), reduction="none")


@functools.cache
def _needs_online(target):
    """A target that can do without `q_next_online` gives it a default: a forward pass is saved."""
    parameter = inspect.signature(target).parameters.get("q_next_online")
    return parameter is None or parameter.default is parameter.empty


def td_errors(batch, online, frozen, target):
    """Target minus prediction, (S, B). Only the prediction carries a gradient."""
    with torch.no_grad():
        q_next_online = online(batch.next_obs) if _needs_online(target) else None
        y = target(batch.reward, batch.discount, frozen(batch.next_obs), q_next_online)
    return y - online(batch.obs).gather(-1, batch.action[..., None]).squeeze(-1)


def _validate(a):
    """One sentence for every number or function that cannot work."""
    integer("sub_envs", a["sub_envs"], 1)
    integer("steps", a["steps"], a["sub_envs"])
    integer("batch_size", a["batch_size"], 1)
    integer("warmup", a["warmup"], 0)
    number("updates_per_step", a["updates_per_step"], 0.0)
    number("reward_scale", a["reward_scale"], 0.0)
    for name, signature in SLOTS.items():
        function(name, a[name], signature)


def dqn(env_id, *, seeds=16, steps=40_000, sub_envs=16, network=q_network, replay=Replay, target=q_target,
        sync=hard_update(20), act=epsilon_greedy, loss=squared, clip=unclipped, gamma=0.99, n_step=1,
        batch_size=64, capacity=40_000, warmup=500, updates_per_step=0.25, learning_rate=1e-3,
        epsilon=linear(1.0, 0.05, 8_000), reward_scale=1.0, tests=10, test_episodes=10, probe=None,
        device="cpu", **env_kwargs):
    """Train S agents. Returns their `Curve` and their Q-network: obs (S, B, *obs_shape) -> q (S, B, A).

    `steps` are environment steps per seed, taken by `sub_envs` environments at a time; `epsilon` and
    `learning_rate` are numbers or functions of the step; q is in units of `reward_scale` times the reward.
    `probe(network)` is recorded at each of the `tests` greedy tests.
    """
    _validate(locals())
    rng = Seeds(seeds, device)
    envs = Envs(env_id, rng, sub_envs, **env_kwargs)
    online = network(rng, envs.obs_space, envs.n_actions)
    frozen = copy.deepcopy(online)
    weights, frozen_weights = weight_matrix(online), weight_matrix(frozen)  # (S, P) each
    optimizer = torch.optim.Adam([weights], fused=True)
    memory = replay(capacity, gamma, n_step)
    epsilon = schedule("epsilon", epsilon, 0.0, 1.0)
    learning_rate = schedule("learning_rate", learning_rate, 0.0)
    record = Recorder(envs, sub_envs, steps, tests, test_episodes, probe, env_kwargs)
    update = 0

    for t in tqdm(range(sub_envs, steps + 1, sub_envs), desc="dqn", delay=1, leave=False):
        with torch.no_grad():
            q = online(envs.obs)  # (S, E, A)
        step = envs.step(act(q, epsilon(t), rng))
        memory.add(step._replace(reward=reward_scale * step.reward))

        while t >= warmup and update < updates_per_step * (t - warmup):
            update += 1
            batch = memory.sample(batch_size, rng)
            td_error = td_errors(batch, online, frozen, target)
            objective = (batch.weight * loss(td_error)).mean(1)  # (S,)
            descend(objective, online, weights, optimizer, clip, learning_rate(t))
            sync(frozen_weights, weights, update)
            memory.update(batch.index, td_error.detach())

        if update:
            finite(objective, rng, t)
        record(t, greedy(online), online)

    return record.curve(), online
