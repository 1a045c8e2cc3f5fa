"""Tables: q is a tensor (S, N, A). Exact optima where the environment publishes its transition table."""

import gymnasium as gym
import torch
from tqdm import tqdm

from course_rl.acting import epsilon_greedy
from course_rl.curves import Recorder
from course_rl.envs import Envs, greedy
from course_rl.guard import function, integer, number, require
from course_rl.returns import q_target
from course_rl.schedules import linear, schedule
from course_rl.seeds import Seeds
from course_rl.vector import maker


def model(env_id, **kwargs):
    """The MDP behind a toy-text environment: transition (N, A, N), expected reward (N, A), initial (N,).

    Steps that terminate lead nowhere: their probability is in no row, so a row sums to 1 - P(terminated).
    """
    env = maker(env_id, kwargs)().unwrapped
    require(hasattr(env, "P"), "env_id", env_id,
            "an environment with a transition table P (Gymnasium's toy text)")
    transition = torch.zeros(len(env.P), len(env.P[0]), len(env.P), dtype=torch.float64)
    reward = torch.zeros(transition.shape[:2], dtype=torch.float64)
    for s in env.P:
        for a in env.P[s]:
            for p, next_state, r, terminated in env.P[s][a]:
                reward[s, a] += p * r
                transition[s, a, next_state] += p * (not terminated)
    return transition, reward, torch.as_tensor(env.initial_state_distrib, dtype=torch.float64)


def value_iteration(transition, reward, gamma, tolerance=1e-10):
    """Optimal q (N, A) of transition (N, A, N) and reward (N, A), to within `tolerance` in every entry."""
    number("gamma", gamma, 0.0, 1.0)
    number("tolerance", tolerance, 0.0)
    require(transition.shape == (*reward.shape, len(reward)), "transition", tuple(transition.shape),
            f"of shape (N, A, N) for reward (N, A) = {tuple(reward.shape)}")
    q = torch.zeros_like(reward)
    stop = tolerance * (1 - gamma) / gamma if 0 < gamma < 1 else tolerance
    for _ in range(100_000):
        new = reward + gamma * transition @ q.amax(-1)
        if (new - q).abs().max() <= stop:  # then |new - q*| <= gamma / (1 - gamma) * stop
            return new
        q = new
    raise ValueError(f"value iteration did not converge with gamma = {gamma}; take gamma < 1")


def policy_value(transition, reward, policy, gamma):
    """Value (N,) of the policy (N, A), probabilities of actions: solves v = r_pi + gamma P_pi v exactly."""
    number("gamma", gamma, 0.0, 1.0)
    step = torch.einsum("na,nam->nm", policy, transition)
    return torch.linalg.solve(torch.eye(len(step), dtype=step.dtype) - gamma * step, (policy * reward).sum(1))


def lookup(q):
    """A table q (S, N, A) as a function of observations: obs (S, E) -> q (S, E, A)."""
    rows = torch.arange(len(q))[:, None]
    return lambda obs: q[rows, obs]


def q_learning(env_id, *, seeds=16, steps=20_000, sub_envs=1, target=q_target, act=epsilon_greedy, gamma=0.99,
               step_size=0.1, epsilon=linear(1.0, 0.05, 10_000), initial=0.0, tests=10, test_episodes=10,
               probe=None, **env_kwargs):
    """Train S tables by Watkins' rule (1989). Returns their `Curve` and q (S, N, A).

    `steps` are environment steps per seed; `epsilon` and `step_size` are numbers or functions of the step.
    `probe(lookup(q))` is recorded at each of the `tests` greedy tests.
    """
    integer("sub_envs", sub_envs, 1)
    integer("steps", steps, sub_envs)
    number("gamma", gamma, 0.0, 1.0)
    number("initial", initial, -float("inf"))
    function("target", target, "(reward, discount, q_next, q_next_online) -> (S, E)")
    function("act", act, "(q, epsilon, rng) -> action (S, E)")
    rng = Seeds(seeds)
    envs = Envs(env_id, rng, sub_envs, **env_kwargs)
    require(isinstance(envs.obs_space, gym.spaces.Discrete), "env_id", env_id,
            f"an environment with Discrete observations, one row of the table each, not {envs.obs_space}")
    q = torch.full((len(rng), int(envs.obs_space.n), envs.n_actions), float(initial))
    values, rows = lookup(q), torch.arange(len(rng))[:, None]
    epsilon, step_size = schedule("epsilon", epsilon, 0.0, 1.0), schedule("step_size", step_size, 0.0, 1.0)
    record = Recorder(envs, sub_envs, steps, tests, test_episodes, probe, env_kwargs)

    for t in tqdm(range(sub_envs, steps + 1, sub_envs), desc="q_learning", delay=1, leave=False):
        step = envs.step(act(values(envs.obs), epsilon(t), rng))
        q_next = values(step.next_obs)
        y = target(step.reward, gamma * ~step.terminated, q_next, q_next)
        td_error = y - q[rows, step.obs, step.action]
        q.index_put_((rows, step.obs, step.action), step_size(t) * td_error, accumulate=True)
        record(t, greedy(values), values)

    return record.curve(), q
