"""S x E Gymnasium environments, stepped together: transitions that can be learned from as they are."""

from typing import NamedTuple

import gymnasium as gym
import numpy as np
import torch

from course_rl.guard import function, integer, require
from course_rl.seeds import as_seeds
from course_rl.vector import backend, maker


class Step(NamedTuple):
    """One transition of every environment. `terminated` stops bootstrapping; `ended` is truncation too."""

    obs: torch.Tensor         # (S, E, *obs_shape)
    action: torch.Tensor      # (S, E), or (S, E, D) for D numbers
    reward: torch.Tensor      # (S, E)
    next_obs: torch.Tensor    # (S, E, *obs_shape), the true last observation where the episode ended
    terminated: torch.Tensor  # (S, E) bool
    ended: torch.Tensor       # (S, E) bool


class Envs:
    """`obs` (S, E, *obs_shape) is what the agents see now; `step(action)` returns what they learn from.

    env_id: a Gymnasium id, or a function that makes an environment; rng: `Seeds`; kwargs go to its making.
    Actions are Discrete, or a Box of D numbers: then -1 and 1 stand for its bounds, and what lies beyond is
    clipped on the way into the environment. Observations are Discrete, a Box, or a Dict of these, whose
    entries then stand in one row in the order of the space's keys. Bad input raises ValueError.
    """

    def __init__(self, env_id, rng, sub_envs=1, **kwargs):
        integer("sub_envs", sub_envs, 1)
        make = maker(env_id, kwargs)
        env = make()
        require(isinstance(env, gym.Env), "env_id", env_id,
                f"a function that makes a gymnasium.Env, not {env!r}")
        self.name, self.obs_space, self.action_space = env_id, env.observation_space, env.action_space
        self._bounds = self._action_bounds()
        self._check_obs_space()
        self.rng, self.sub_envs = rng, sub_envs
        self._vector = backend(env_id, make, kwargs)(make, len(rng), sub_envs)
        self.returns = []  # one (S, E) array per step: the return of the episode that ended there, else nan
        self.reset()

    @property
    def n_actions(self):
        require(isinstance(self.action_space, gym.spaces.Discrete), "env_id", self.name,
                f"an environment with Discrete actions, not {self.action_space}")
        return int(self.action_space.n)

    def _check_obs_space(self):
        space = self.obs_space
        entries = space.values() if isinstance(space, gym.spaces.Dict) else [space]
        kinds = (gym.spaces.Discrete, gym.spaces.Box, gym.spaces.MultiDiscrete)
        require(all(isinstance(entry, kinds) for entry in entries), "env_id", self.name,
                f"an environment with Discrete or Box observations, or a Dict of these, not {space}")

    def _action_bounds(self):
        """Lowest and highest action of a Box (D,), None for Discrete actions."""
        space = self.action_space
        if isinstance(space, gym.spaces.Discrete):
            require(space.start == 0, "env_id", self.name,
                    f"an environment with Discrete actions counted from 0, not {space}")
            return None
        require(isinstance(space, gym.spaces.Box) and len(space.shape) == 1 and space.is_bounded(),
                "env_id", self.name,
                f"an environment with Discrete actions or a bounded Box of shape (D,), not {space}")
        return space.low, space.high

    def reset(self):
        """Begin a new episode everywhere, drawn from new streams."""
        self.obs = self._tensor(self._vector.reset(self.rng.spawn()))
        self._score = np.zeros(len(self.rng) * self.sub_envs)

    def _tensor(self, x, dtype=None):
        x = torch.as_tensor(np.asarray(x)).unflatten(0, (len(self.rng), self.sub_envs))
        dtype = dtype or (torch.float32 if x.is_floating_point() else x.dtype)
        return x.to(self.rng.device, dtype)

    def _finite(self, name, x):
        bad = ~np.isfinite(x).reshape(len(self.rng), -1).all(1)
        if bad.any():
            seed = self.rng.seeds[int(bad.argmax())]
            raise ValueError(f"{name} {self.name} is not finite (seed {seed}, step {len(self.returns)}); "
                             "an environment must give numbers")

    def step(self, action):
        """action (S, E), or (S, E, D) in units of the bounds -> Step with that action, unclipped."""
        shape = len(self.rng), self.sub_envs
        names = "(seeds, sub_envs, D)" if self._bounds else "(seeds, sub_envs)"
        require(tuple(action.shape) == shape + self.action_space.shape, "action", tuple(action.shape),
                f"of shape {names} = {shape + self.action_space.shape}")
        act = action.numpy(force=True).reshape(-1, *self.action_space.shape)
        if self._bounds:
            self._finite("the action for", act)
            low, high = self._bounds
            act = (low + (high - low) * (act.clip(-1, 1) + 1) / 2).astype(self.action_space.dtype)
        obs, reward, terminated, truncated, final_obs = self._vector.step(act)
        self._finite("the reward of", reward)
        self._finite("the observation of", final_obs)
        ended = terminated | truncated
        self._score += reward
        self.returns.append(np.where(ended, self._score, np.nan).reshape(shape))
        self._score[ended] = 0.0
        before, self.obs = self.obs, self._tensor(obs)
        return Step(before, action, self._tensor(reward, torch.float32), self._tensor(final_obs),
                    self._tensor(terminated), self._tensor(ended))


def greedy(q):
    """A network or any function obs -> q (S, E, A), as a policy: obs -> action (S, E)."""
    def policy(obs):
        with torch.no_grad():
            return q(obs).argmax(-1)
    return policy


def deterministic(policy):
    """A stochastic policy by its most likely action: obs -> action (S, E) or (S, E, D)."""
    def most_likely(obs):
        with torch.no_grad():
            return policy(obs).mode()
    return most_likely


def evaluate(policy, env_id, seeds, episodes=10, max_steps=100_000, **kwargs):
    """Undiscounted returns (S, episodes) of `policy`: obs (S, episodes, *obs_shape) -> action (S, episodes).

    Each episode has an environment of its own and is its first one, so long and short episodes count alike.
    For a network on a GPU, `seeds` is `Seeds(..., device)`.
    """
    function("policy", policy, "obs (S, episodes, *obs_shape) -> action (S, episodes)")
    integer("episodes", episodes, 1)
    envs = Envs(env_id, as_seeds(seeds), episodes, **kwargs)
    first = np.full((len(envs.rng), episodes), np.nan)
    for _ in range(max_steps):
        try:
            action = policy(envs.obs)
        except (IndexError, RuntimeError) as error:
            raise ValueError(f"policy does not act on observations of shape {tuple(envs.obs.shape)}, "
                             f"(seeds, episodes, ...): is it made for other seeds? ({error})") from error
        envs.step(action)
        first = np.where(np.isnan(first), envs.returns[-1], first)
        if not np.isnan(first).any():
            return first
    raise ValueError(f"an episode of {env_id} did not end within max_steps = {max_steps}; "
                     "give the environment a time limit (max_episode_steps=...)")
