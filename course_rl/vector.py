"""Six ways to step S x E environments, each reset in the step that ends its episode.

All have `reset(rng) -> obs`, which starts new episodes from new streams, and `step(action) ->
obs, reward, terminated, truncated, final_obs`, NumPy arrays (S * E, ...). `final_obs` is the true last
observation; `obs` is where the next episode starts.
"""

import gymnasium as gym
import numpy as np
from gymnasium.envs.classic_control.cartpole import CartPoleVectorEnv
from gymnasium.envs.classic_control.pendulum import PendulumEnv
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from course_rl import movierec, pixels


def rows(space, obs, *batch):
    """Observations as an array: the entries of a Dict `space` in one row (*batch, sum of sizes)."""
    if not isinstance(space, gym.spaces.Dict):
        return obs
    return np.concatenate([np.reshape(obs[name], (*batch, -1)) for name in space], -1, dtype=np.float32)


class Sync:
    """Any environment, one Python object each."""

    def __init__(self, make, n_seeds, sub_envs):
        self.sub_envs = sub_envs
        self.envs = SyncVectorEnv([make] * (n_seeds * sub_envs), autoreset_mode=AutoresetMode.SAME_STEP)

    def _rows(self, obs):
        return rows(self.envs.single_observation_space, obs, self.envs.num_envs)

    def reset(self, rng):
        seeds = [int(seed) for stream in rng.streams for seed in stream.integers(2**31, size=self.sub_envs)]
        return self._rows(self.envs.reset(seed=seeds)[0])  # episodes that follow go on with the same streams

    def step(self, action):
        obs, reward, terminated, truncated, info = self.envs.step(action)
        obs = self._rows(obs)
        final_obs = obs.copy()
        for k in np.flatnonzero(terminated | truncated):
            final_obs[k] = rows(self.envs.single_observation_space, info["final_obs"][k])
        return obs, reward, terminated, truncated, final_obs


class CartPoles:
    """Gymnasium's vector CartPole physics for all seeds at once; each seed draws its own initial states."""

    def __init__(self, make, n_seeds, sub_envs):
        self.sub_envs = sub_envs
        self.envs = CartPoleVectorEnv(n_seeds * sub_envs, max_episode_steps=make().spec.max_episode_steps)

    def _initial_states(self):
        return (self.rng.uniform(self.sub_envs, 4).numpy() * 0.1 - 0.05).reshape(-1, 4).T

    def reset(self, rng):
        self.rng = rng
        self.envs.reset()
        self.envs.state = self._initial_states().astype(np.float64)
        return self.envs.state.T.astype(np.float32)

    def step(self, action):
        final_obs, reward, terminated, truncated, _ = self.envs.step(action)
        ended, start = terminated | truncated, self._initial_states()  # drawn always: streams stay in step
        self.envs.state[:, ended] = start[:, ended]
        self.envs.steps[ended] = 0
        self.envs.prev_done[:] = False  # else the next step would reset again
        return self.envs.state.T.astype(np.float32), reward, terminated, truncated, final_obs


class Pendulums:
    """Gymnasium's pendulum: its physics is elementwise, so one object moves an array of angles."""

    def __init__(self, make, n_seeds, sub_envs):
        self.sub_envs, self.limit = sub_envs, make().spec.max_episode_steps
        self.env = PendulumEnv()

    def _initial_states(self):
        state = 2 * self.rng.uniform(self.sub_envs, 2).numpy().reshape(-1, 2).T.astype(np.float64) - 1
        return state * [[np.pi], [1.0]]

    def reset(self, rng):
        self.rng = rng
        self.env.state = self._initial_states()
        self.age = 0  # no pendulum terminates, so all episodes end together
        return self.env._get_obs().T

    def step(self, action):
        final_obs, reward, _, _, _ = self.env.step(action.T)
        self.age += 1
        truncated = np.full(len(reward), self.age == self.limit)
        if self.age == self.limit:
            self.env.state, self.age = self._initial_states(), 0
        return self.env._get_obs().T, reward, np.zeros_like(truncated), truncated, final_obs.T


class Tables:
    """Environments that publish their transition table `P` (Gymnasium's toy text), stepped by look-up."""

    def __init__(self, make, n_seeds, sub_envs):
        env = make()
        table, self.limit = env.unwrapped.P, env.spec.max_episode_steps or np.inf
        self.sub_envs = sub_envs
        self.initial = np.cumsum(env.unwrapped.initial_state_distrib)
        outcomes = max(len(table[s][a]) for s in table for a in table[s])
        shape = len(table), len(table[0]), outcomes
        self.cumulative, self.reward = np.ones(shape), np.zeros(shape)
        self.next_state, self.terminated = np.zeros(shape, np.int64), np.zeros(shape, bool)
        for s in table:
            for a in table[s]:
                p, next_state, reward, terminated = map(np.array, zip(*table[s][a], strict=True))
                self.cumulative[s, a, :len(p) - 1] = np.cumsum(p)[:-1]  # the last outcome takes the rest
                self.next_state[s, a, :len(p)], self.reward[s, a, :len(p)] = next_state, reward
                self.terminated[s, a, :len(p)] = terminated

    def _uniform(self):
        return self.rng.uniform(self.sub_envs).numpy().reshape(-1)

    def _start(self):
        return np.minimum(np.searchsorted(self.initial, self._uniform(), side="right"), len(self.initial) - 1)

    def reset(self, rng):
        self.rng = rng
        self.state = self._start()
        self.age = np.zeros(len(self.state), np.int64)
        return self.state

    def step(self, action):
        outcome = (self._uniform()[:, None] >= self.cumulative[self.state, action][:, :-1]).sum(1)
        key = self.state, action, outcome
        final_obs, reward, terminated = self.next_state[key], self.reward[key], self.terminated[key]
        self.age += 1
        truncated = (self.age >= self.limit) & ~terminated
        ended = terminated | truncated
        self.state, self.age = np.where(ended, self._start(), final_obs), np.where(ended, 0, self.age)
        return self.state, reward, terminated, truncated, final_obs


def backend(env_id, make, kwargs):
    """The fastest of the six that is exact for this environment; a callable is always stepped as it is."""
    if env_id == "CartPole-v1" and set(kwargs) <= {"max_episode_steps"}:
        return CartPoles
    if env_id == "Pendulum-v1" and set(kwargs) <= {"max_episode_steps"}:
        return Pendulums
    if env_id == movierec.ID:
        return movierec.MovieRecs
    if env_id == pixels.BOUNCE:
        return pixels.Bounces
    if isinstance(env_id, str):
        env = make().unwrapped
        if hasattr(env, "P") and not getattr(env, "fickle_passenger", False):  # a taxi beyond its table
            return Tables
    return Sync


def maker(env_id, kwargs):
    """`env_id` as a function that makes one environment."""
    if callable(env_id):
        return lambda: env_id(**kwargs)
    if not isinstance(env_id, str):
        raise ValueError(f"env_id is {env_id!r}; it must be a Gymnasium id or a function that makes an "
                         "environment")
    try:
        gym.spec(env_id)
    except gym.error.Error as error:
        raise ValueError(f"env_id is {env_id!r}; it must be an environment registered with Gymnasium "
                         f"({error})") from None

    def make():
        try:
            return gym.make(env_id, **kwargs)
        except TypeError as error:
            raise ValueError(f"env_id is {env_id!r}; it must be an environment that takes the arguments "
                             f"{kwargs} ({error})") from None
    return make
