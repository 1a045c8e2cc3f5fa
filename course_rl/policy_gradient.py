"""REINFORCE, A2C and PPO for many seeds at once: act, weigh the log-probabilities, repeat."""

import torch
from torch import nn
from tqdm import tqdm

from course_rl.curves import Recorder
from course_rl.envs import Envs, Step, deterministic
from course_rl.gradients import descend, unclipped, weight_matrix
from course_rl.guard import finite, function, integer, number, require
from course_rl.networks import policy_network, value_network
from course_rl.returns import gae, returns_to_go
from course_rl.schedules import schedule
from course_rl.seeds import Seeds

SLOTS = {
    "policy": "(rng, obs_space, action_space) -> module obs -> distribution",
    "value": "(rng, obs_space) -> module obs -> (S, B)",
    "baseline": "(returns, value, valid) -> (S, T, E)",
    "estimator": "(reward, value, next_value, terminated, ended, gamma, lam) -> (S, T, E)",
    "normalize": "(advantage, valid) -> (S, T, E)",
    "surrogate": "(ratio, advantage) -> (S, B)",
    "clip": "grad (S, P) -> None, in place",
}


class ActorCritic(nn.Module):
    """A policy `actor`, which also answers when called, and the values `critic` of its states."""

    def __init__(self, actor, critic):
        super().__init__()
        self.actor, self.critic = actor, critic

    def forward(self, obs):
        return self.actor(obs)


def rollout(envs, policy, horizon, rng):
    """`horizon` steps of all environments, from where they are: a Step with fields (S, T, E, ...)."""
    steps = []
    for _ in range(horizon):
        with torch.no_grad():
            action = policy(envs.obs).sample(rng)
        steps.append(envs.step(action))
    return Step(*(torch.stack(field, 1) for field in zip(*steps, strict=True)))


def episodes(envs, policy, horizon, rng):
    """One whole episode of every environment: a Step with fields (S, T, E, ...), and valid (S, T, E).

    T is `horizon`, whatever the other seeds do; what follows the end of an episode is not valid. Streams are
    new each time: how long other seeds play changes no number that a seed draws later.
    """
    envs.reset()
    rng, steps = rng.spawn(rng.device), []
    running = torch.ones(envs.obs.shape[:2], dtype=torch.bool, device=envs.obs.device)
    valid = running.new_zeros(len(rng), horizon, envs.sub_envs)
    while running.any():
        require(len(steps) < horizon, "horizon", horizon, "at least the length of the longest episode")
        valid[:, len(steps)] = running
        steps.append(rollout(envs, policy, 1, rng))
        running = running & ~steps[-1].ended[:, 0]
    played = [torch.cat(field, 1) for field in zip(*steps, strict=True)]
    rest = horizon - len(steps)
    return Step(*(torch.cat([x, x.new_zeros(len(x), rest, *x.shape[2:])], 1) for x in played)), valid


def value_baseline(returns, value, valid):
    return value


def no_baseline(returns, value, valid):
    return torch.zeros_like(value)


def unnormalized(advantage, valid):
    return advantage


def standardize(advantage, valid):
    """Mean 0, standard deviation 1 over all valid steps of a seed's batch: (S, T, E) -> (S, T, E)."""
    n = valid.sum((1, 2), keepdim=True)
    mean = (advantage * valid).sum((1, 2), keepdim=True) / n
    variance = ((advantage - mean) ** 2 * valid).sum((1, 2), keepdim=True) / n
    return (advantage - mean) / (variance.sqrt() + 1e-8)


def unlimited(ratio, advantage):
    """ratio * A: the surrogate without a limit on how far the policy moves."""
    return ratio * advantage


def clipped(limit):
    """min(ratio * A, clip(ratio, 1 - limit, 1 + limit) * A): no gain from going further.

    Source: Schulman et al. (2017).
    """
    number("limit", limit, 0.0)
    return lambda ratio, advantage: torch.minimum(ratio * advantage,
                                                  ratio.clamp(1 - limit, 1 + limit) * advantage)


def over_time(network, obs):
    """A network on a whole rollout: obs (S, T, E, *obs_shape) -> (S, T, E)."""
    return network(obs.flatten(1, 2)).unflatten(1, obs.shape[1:3])


def critique(batch, critic, estimator, gamma, lam):
    """Advantages of a rollout, and what the critic should have said: both (S, T, E), without gradient."""
    with torch.no_grad():
        value, next_value = over_time(critic, batch.obs), over_time(critic, batch.next_obs)
        advantage = estimator(batch.reward, value, next_value, batch.terminated, batch.ended, gamma, lam)
        return advantage, advantage + value


def actor_critic_loss(gain, value, target, entropy, value_weight, entropy_weight):
    """All (S, B) -> (S,)."""
    return (-gain + value_weight * (value - target) ** 2 - entropy_weight * entropy).mean(1)


def _validate(a):
    """One sentence for every number or function that cannot work."""
    for name in ("sub_envs", "horizon", "epochs", "minibatches", "updates", "value_updates"):
        if name in a:
            integer(name, a[name], 1)
    if "steps" in a:
        integer("steps", a["steps"], a["horizon"] * a["sub_envs"])
    if "minibatches" in a:
        require(a["minibatches"] <= a["horizon"] * a["sub_envs"], "minibatches", a["minibatches"],
                f"at most horizon * sub_envs = {a['horizon'] * a['sub_envs']}")
    for name in ("gamma", "lam"):
        if name in a:
            number(name, a[name], 0.0, 1.0)
    for name in ("value_weight", "entropy_weight", "reward_scale"):
        if name in a:
            number(name, a[name], 0.0)
    for name, signature in SLOTS.items():
        if name in a:
            function(name, a[name], signature)


def reinforce(env_id, *, seeds=16, updates=60, sub_envs=8, horizon=500, policy=policy_network,
              value=value_network, baseline=value_baseline, normalize=standardize, clip=unclipped, gamma=0.99,
              value_updates=5, entropy_weight=0.0, learning_rate=1e-2, reward_scale=1.0, tests=10,
              test_episodes=10, probe=None, device="cpu", **env_kwargs):
    """Train S agents by REINFORCE (Williams, 1992). Returns their `Curve` and their `ActorCritic`.

    Each of the `updates` plays one whole episode, of at most `horizon` steps, in each of `sub_envs`
    environments; `learning_rate` is a number or a function of the update. The critic is regressed on the
    returns, for `baseline` to use. `curve.step` is (S, K): the steps of so many episodes differ by seed.
    """
    _validate(locals())
    rng = Seeds(seeds, device)
    envs = Envs(env_id, rng, sub_envs, **env_kwargs)
    agent = ActorCritic(policy(rng, envs.obs_space, envs.action_space), value(rng, envs.obs_space))
    actor, critic = weight_matrix(agent.actor), weight_matrix(agent.critic)  # (S, P) each
    actor_optimizer, critic_optimizer = (torch.optim.Adam([x], fused=True) for x in (actor, critic))
    learning_rate = schedule("learning_rate", learning_rate, 0.0)
    record = Recorder(envs, 1, updates, tests, test_episodes, probe, env_kwargs)
    steps, scores = [], []

    for update in tqdm(range(1, updates + 1), desc="reinforce", delay=1, leave=False):
        batch, valid = episodes(envs, agent, horizon, rng)
        n = valid.sum((1, 2))
        returns = returns_to_go(reward_scale * batch.reward, batch.ended, gamma)
        with torch.no_grad():
            value = over_time(agent.critic, batch.obs)
            advantage = normalize(returns - baseline(returns, value, valid), valid)
        pi = agent(batch.obs.flatten(1, 2))
        gain = pi.log_prob(batch.action.flatten(1, 2)) * advantage.flatten(1) + entropy_weight * pi.entropy()
        objective = -(gain * valid.flatten(1)).sum(1) / n  # (S,)
        descend(objective, agent.actor, actor, actor_optimizer, clip, learning_rate(update))
        for _ in range(value_updates):
            error = (over_time(agent.critic, batch.obs) - returns) ** 2
            descend((error * valid).sum((1, 2)) / n, agent.critic, critic, critic_optimizer, clip,
                     learning_rate(update))

        finite(objective, rng, update)
        steps.append(n.numpy(force=True))
        scores.append(((batch.reward * valid).sum((1, 2)) / sub_envs).numpy(force=True))
        record(update, deterministic(agent), agent)

    return record.episodes_curve(steps, scores), agent


def a2c(env_id, *, seeds=16, steps=200_000, sub_envs=16, horizon=16, policy=policy_network,
        value=value_network, estimator=gae, normalize=standardize, clip=unclipped, gamma=0.99, lam=0.95,
        value_weight=0.5, entropy_weight=0.0, learning_rate=1e-3, reward_scale=1.0, tests=10,
        test_episodes=10, probe=None, device="cpu", **env_kwargs):
    """Train S agents by advantage actor-critic (Mnih et al., 2016). Returns their `Curve` and `ActorCritic`.

    `steps` are environment steps per seed, taken `horizon` at a time by each of `sub_envs` environments;
    `learning_rate` is a number or a function of the step; values are in units of `reward_scale` times the
    reward. `probe(agent)` is recorded at each of the `tests`, which play the most likely actions.
    """
    _validate(locals())
    rng = Seeds(seeds, device)
    envs = Envs(env_id, rng, sub_envs, **env_kwargs)
    agent = ActorCritic(policy(rng, envs.obs_space, envs.action_space), value(rng, envs.obs_space))
    weights = weight_matrix(agent)
    optimizer = torch.optim.Adam([weights], fused=True)
    learning_rate = schedule("learning_rate", learning_rate, 0.0)
    turn = horizon * sub_envs
    record = Recorder(envs, turn, steps, tests, test_episodes, probe, env_kwargs)

    for t in tqdm(range(turn, steps + 1, turn), desc="a2c", delay=1, leave=False):
        batch = rollout(envs, agent, horizon, rng)
        batch = batch._replace(reward=reward_scale * batch.reward)
        advantage, target = critique(batch, agent.critic, estimator, gamma, lam)
        advantage = normalize(advantage, torch.ones_like(batch.ended))

        data = batch.obs, batch.action, advantage, target
        obs, action, advantage, target = (x.flatten(1, 2) for x in data)  # (S, B), B = T * E
        pi = agent(obs)
        objective = actor_critic_loss(pi.log_prob(action) * advantage, agent.critic(obs), target,
                                      pi.entropy(), value_weight, entropy_weight)
        descend(objective, agent, weights, optimizer, clip, learning_rate(t))

        finite(objective, rng, t)
        record(t, deterministic(agent), agent)

    return record.curve(), agent


def ppo(env_id, *, seeds=16, steps=40_000, sub_envs=8, horizon=32, policy=policy_network, value=value_network,
        estimator=gae, normalize=standardize, surrogate=clipped(0.2), clip=unclipped, gamma=0.99, lam=0.95,
        epochs=6, minibatches=1, value_weight=0.5, entropy_weight=0.0, learning_rate=1e-3, reward_scale=1.0,
        tests=10, test_episodes=10, probe=None, device="cpu", **env_kwargs):
    """Train S agents by proximal policy optimization (Schulman et al., 2017). Arguments as in `a2c`.

    But each rollout is used for `epochs` passes of `minibatches`, and `surrogate` is what they maximise.
    """
    _validate(locals())
    rng = Seeds(seeds, device)
    envs = Envs(env_id, rng, sub_envs, **env_kwargs)
    agent = ActorCritic(policy(rng, envs.obs_space, envs.action_space), value(rng, envs.obs_space))
    weights = weight_matrix(agent)
    optimizer = torch.optim.Adam([weights], fused=True)
    learning_rate = schedule("learning_rate", learning_rate, 0.0)
    turn, rows = horizon * sub_envs, torch.arange(len(rng), device=device)[:, None]
    record = Recorder(envs, turn, steps, tests, test_episodes, probe, env_kwargs)

    for t in tqdm(range(turn, steps + 1, turn), desc="ppo", delay=1, leave=False):
        batch = rollout(envs, agent, horizon, rng)
        batch = batch._replace(reward=reward_scale * batch.reward)
        advantage, target = critique(batch, agent.critic, estimator, gamma, lam)
        advantage = normalize(advantage, torch.ones_like(batch.ended))

        data = [x.flatten(1, 2) for x in (batch.obs, batch.action, advantage, target)]
        with torch.no_grad():
            data.append(agent(data[0]).log_prob(data[1]))  # of the policy that acted
        for _ in range(epochs):
            for index in rng.permutation(turn).tensor_split(minibatches, 1):  # (S, B)
                obs, action, advantage, target, old = (x[rows, index] for x in data)
                pi = agent(obs)
                ratio = (pi.log_prob(action) - old).exp()
                objective = actor_critic_loss(surrogate(ratio, advantage), agent.critic(obs), target,
                                              pi.entropy(), value_weight, entropy_weight)
                descend(objective, agent, weights, optimizer, clip, learning_rate(t))

        finite(objective, rng, t)
        record(t, deterministic(agent), agent)

    return record.curve(), agent
