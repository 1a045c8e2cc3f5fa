"""Environments so small that the right answer is known."""

import gymnasium as gym
import numpy as np


class Clock(gym.Env):
    """Reward 1 a step; ends after `length` steps, by termination or truncation; obs: step number, or 0."""

    observation_space = gym.spaces.Box(0, 1000, (1,))
    action_space = gym.spaces.Discrete(2)

    def __init__(self, length=5, terminates=True, shows=True):
        self.length, self.terminates, self.shows = length, terminates, shows

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.t = 0
        return np.array([0.0], np.float32), {}

    def step(self, action):
        self.t += 1
        ended = self.t == self.length
        return (
            np.array([self.t * self.shows], np.float32),
            1.0,
            ended and self.terminates,
            ended and not self.terminates,
            {},
        )


class Match(gym.Env):
    """One step an episode: reward 1 for the action that equals the observed bit."""

    observation_space = gym.spaces.Box(0, 1, (1,))
    action_space = gym.spaces.Discrete(2)

    def _obs(self):
        self.bit = int(self.np_random.integers(2))
        return np.array([self.bit], np.float32)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return self._obs(), {}

    def step(self, action):
        reward = float(action == self.bit)
        return self._obs(), reward, True, False, {}


class Broken(Clock):
    """Gives a reward or an observation that is no number."""

    def __init__(self, reward=1.0, obs=0.0):
        super().__init__()
        self.reward, self.obs = reward, obs

    def step(self, action):
        return np.array([self.obs], np.float32), self.reward, False, False, {}


class Odd(Clock):
    """With spaces of the caller's choice."""

    def __init__(self, action_space=Clock.action_space, observation_space=Clock.observation_space):
        super().__init__()
        self.action_space, self.observation_space = action_space, observation_space
