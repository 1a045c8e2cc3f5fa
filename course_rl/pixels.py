"""From pixels to values: convolutions with one set of weights per seed, and Bounce-v0 to try them on."""

import gymnasium as gym
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from course_rl.guard import integer, require
from course_rl.networks import mlp, weights

BOUNCE = "course_rl/Bounce-v0"
SIZE = 10  # pixels, both ways
MIRROR = 2 * (SIZE - 1)  # column x beyond the right wall is column MIRROR - x in front of it
SPEEDS = np.array([-2, -1, 1, 2])  # columns per row
PADDLE, BALL = 128, 255  # grey levels


class Conv(nn.Module):
    """(S, B, C, H, W) -> (S, B, n_out, H', W'), with H' = (H - size) // stride + 1: no padding."""

    def __init__(self, rng, n_in, n_out, size, stride=1):
        super().__init__()
        for name, value in (("n_out", n_out), ("size", size), ("stride", stride)):
            integer(name, value, 1)
        fan_in, self.stride = n_in * size**2, stride
        self.weight = weights(rng, fan_in, n_out, n_in, size, size)
        self.bias = weights(rng, fan_in, n_out)

    def forward(self, x):
        # One call per seed: a convolution in S groups is not faster on a CPU, and its rounding depends on S.
        seeds = zip(x.unbind(), self.weight.unbind(), self.bias.unbind(), strict=True)
        return torch.stack([F.conv2d(*seed, stride=self.stride) for seed in seeds])


class Unit(nn.Module):
    """Grey levels 0 to 255 as numbers from 0 to 1."""

    def forward(self, obs):
        return obs / 255


def pixel_network(rng, obs_space, n_actions, filters=((16, 3, 1),), hidden=(64,)):
    """obs (S, B, C, H, W), grey levels of C frames -> q (S, B, A).

    `filters` are (number, size, stride) of each convolution, `hidden` the fully connected layers after them.
    """
    require(isinstance(obs_space, gym.spaces.Box) and len(obs_space.shape) == 3, "obs_space", obs_space,
            "a Box of shape (frames, height, width)")
    layers, (n_in, *image) = [Unit()], obs_space.shape
    for n_out, size, stride in filters:
        require(min(image) >= size, "filters", filters, f"no larger than what they see, here {image}")
        layers += [Conv(rng, n_in, n_out, size, stride), nn.ReLU(inplace=True)]
        n_in, image = n_out, [(n - size) // stride + 1 for n in image]
    for n in hidden:
        integer("hidden", n, 1)
    return nn.Sequential(*layers, nn.Flatten(2), mlp(rng, n_in * image[0] * image[1], *hidden, n_actions))


class Balls:
    """n games at once: a ball falls a row a step, moves sideways, bounces off the walls; catch it below.

    A ball caught pays 1 and is followed by the next. A miss terminates the episode; `limit` balls caught
    truncate it. The paddle is two pixels wide and starts in the middle. `obs` (n, frames, 10, 10) uint8,
    oldest frame first. All balls start together and so land together.
    """

    def __init__(self, n, frames, limit):
        integer("frames", frames, 1)
        integer("limit", limit, 1)
        self.frames, self.limit = frames, limit
        self.n, self.each = n, np.arange(n)

    def begin(self, uniform):
        """New episodes everywhere: uniform (n, 2)."""
        self.row = 0
        self.paddle, self.caught = np.full(self.n, SIZE // 2 - 1), np.zeros(self.n, np.int64)
        self._serve(uniform)
        self.obs = self._repeated()

    def _serve(self, uniform):
        self.ball = (uniform[:, 0] * SIZE).astype(np.int64)
        self.speed = SPEEDS[(uniform[:, 1] * len(SPEEDS)).astype(np.int64)]

    def _frame(self, row):
        frame = np.zeros((self.n, 1, SIZE, SIZE), np.uint8)
        frame[self.each, 0, -1, self.paddle] = frame[self.each, 0, -1, self.paddle + 1] = PADDLE
        frame[self.each, 0, row, self.ball] = BALL
        return frame

    def _repeated(self):
        return self._frame(self.row).repeat(self.frames, 1)

    def _move(self, action):
        self.paddle = (self.paddle + action - 1).clip(0, SIZE - 2)
        straight = self.ball + self.speed
        self.ball = np.where(straight < 0, -straight, np.where(straight < SIZE, straight, MIRROR - straight))
        self.speed = np.where(self.ball == straight, self.speed, -self.speed)
        self.row += 1

    def step(self, action, uniform):
        """action (n,): 0 left, 1 stay, 2 right -> reward, terminated, truncated (n,), final_obs as obs."""
        self._move(action)
        nobody = np.zeros(self.n, bool)
        if self.row < SIZE - 1:
            self.obs = np.concatenate([self.obs[:, 1:], self._frame(self.row)], 1)
            return nobody.astype(float), nobody, nobody, self.obs
        hit = (self.ball - self.paddle) // 2 == 0
        self.caught += hit
        missed = self._frame(self.row)
        self._serve(uniform)
        self.row = 0
        frame = np.where(hit[:, None, None, None], self._frame(self.row), missed)
        final_obs = np.concatenate([self.obs[:, 1:], frame], 1)
        truncated = self.caught == self.limit
        ended = ~hit | truncated
        self.paddle = np.where(ended, SIZE // 2 - 1, self.paddle)
        self.caught = np.where(ended, 0, self.caught)
        self.obs = np.where(ended[:, None, None, None], self._repeated(), final_obs)
        return hit.astype(float), ~hit, truncated, final_obs


class Bounce(gym.Env):
    """One game of `Balls` for Gymnasium. Every argument has a default that makes the game of the course."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 8}
    action_space = gym.spaces.Discrete(3)

    def __init__(self, frames=4, limit=10, render_mode=None):
        self.balls, self.render_mode = Balls(1, frames, limit), render_mode
        self.observation_space = gym.spaces.Box(0, 255, (frames, SIZE, SIZE), np.uint8)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.balls.begin(self.np_random.random((1, 2)))
        return self.balls.obs[0], {}

    def step(self, action):
        uniform = self.np_random.random((1, 2))
        reward, terminated, truncated, final_obs = self.balls.step(np.array([action]), uniform)
        return final_obs[0], float(reward[0]), bool(terminated[0]), bool(truncated[0]), {}

    def render(self):
        return self.balls.obs[0, -1].repeat(16, 0).repeat(16, 1)[..., None].repeat(3, 2)


class Bounces:
    """The same for `Envs`, see `course_rl.vector`."""

    def __init__(self, make, n_seeds, sub_envs):
        one = make().unwrapped.balls
        self.sub_envs, self.balls = sub_envs, Balls(n_seeds * sub_envs, one.frames, one.limit)

    def _uniform(self):
        return self.rng.uniform(self.sub_envs, 2).numpy().reshape(-1, 2)

    def reset(self, rng):
        self.rng = rng
        self.balls.begin(self._uniform())
        return self.balls.obs

    def step(self, action):
        reward, terminated, truncated, final_obs = self.balls.step(action, self._uniform())
        return self.balls.obs, reward, terminated, truncated, final_obs


gym.register(BOUNCE, entry_point=Bounce)
