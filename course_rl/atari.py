"""DQN on Atari games: `python -m course_rl.atari Pong cuda` runs the recipe of Mnih et al. (2015)."""

import sys
from functools import partial

import ale_py
import gymnasium as gym
from gymnasium.wrappers import AtariPreprocessing, FrameStackObservation

from course_rl.dqn import dqn, hard_update, huber
from course_rl.pixels import pixel_network
from course_rl.replay import Replay
from course_rl.schedules import linear

ATARI = "course_rl/Atari-v0"
nature_network = partial(pixel_network, filters=((32, 8, 4), (64, 4, 2), (64, 3, 1)), hidden=(512,))


def atari(game, frames=4, **kwargs):
    """The game as Mnih et al. (2015) show it: idle at first, one step in four, grey, 84 x 84, stacked."""
    env = gym.make(f"ALE/{game}-v5", frameskip=1, repeat_action_probability=0.0, **kwargs)
    return FrameStackObservation(AtariPreprocessing(env), frames)


ale_py.ALEInterface.setLoggerMode(ale_py.LoggerMode.Error)  # no banner for every environment
gym.register_envs(ale_py)
gym.register(ATARI, entry_point=atari)


class SignReplay(Replay):
    """Of a reward only its sign is learned from, so that one learning rate suits all games."""

    def add(self, step):
        super().add(step._replace(reward=step.reward.sign()))


def recipe(game, *, seeds=1, steps=10_000_000, device="cpu", **kwargs):
    """Train a game. A step is four frames. Returns what `dqn` does; keyword arguments replace its settings.

    Adam with 1e-4 stands for their RMSProp, and 100,000 transitions (5.6 GB a seed) for their million.
    """
    settings = dict(
        sub_envs=8, network=nature_network, replay=SignReplay, loss=huber, sync=hard_update(2_500),
        batch_size=32, capacity=100_000, warmup=50_000, updates_per_step=0.25, learning_rate=1e-4,
        epsilon=linear(1.0, 0.1, 1_000_000), tests=20, test_episodes=4,
    )
    return dqn(ATARI, game=game, seeds=seeds, steps=steps, device=device, **settings | kwargs)


if __name__ == "__main__":
    game, *device = sys.argv[1:]
    curve, _ = recipe(game, device=device[0] if device else "cpu")
    for step, score in zip(curve.test.step, curve.test.value[0], strict=True):
        print(f"{step:>10,} steps: {score:8.1f}")
