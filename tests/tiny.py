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


class Aim(gym.Env):
    """One step an episode: the reward is minus the squared distance of the action from the goal seen."""

    observation_space = gym.spaces.Box(-1, 1, (1,))

    def __init__(self, low=-1.0, high=1.0):
        self.action_space = gym.spaces.Box(low, high, (1,))

    def _obs(self):
        self.goal = float(self.np_random.choice([-0.5, 0.5]))
        return np.array([self.goal], np.float32)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return self._obs(), {}

    def step(self, action):
        assert self.action_space.contains(action)
        reward = -((float(action[0]) - self.goal) ** 2)
        return self._obs(), reward, True, False, {}


class Fork(gym.Env):
    """Three steps through two states; what an action leads to, and what it pays, depends on the state.

    obs = 2 * step + state. p[state, action] is the probability that state 1 comes next.
    """

    p = np.array([[0.2, 0.9], [0.6, 0.1]])
    reward = np.array([[1.0, -0.5], [0.0, 2.0]])
    observation_space = gym.spaces.Discrete(8)
    action_space = gym.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.t = self.state = 0
        return 0, {}

    def step(self, action):
        reward = self.reward[self.state, action]
        self.state = int(self.np_random.random() < self.p[self.state, action])
        self.t += 1
        return 2 * self.t + self.state, float(reward), self.t == 3, False, {}
