"""Pixels: convolutions against PyTorch's own, Bounce against its rules, and the Atari recipe."""

from functools import partial

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium.utils.env_checker import check_env

import course_rl as rl
from course_rl.atari import ATARI, SignReplay, recipe
from course_rl.pixels import BOUNCE, SIZE, Balls


@pytest.mark.parametrize(("size", "stride"), [(1, 1), (3, 1), (4, 2)])
def test_convolutions_against_pytorchs_own(size, stride):
    layer, x = rl.Conv(rl.Seeds(3), 2, 5, size, stride), torch.randn(3, 4, 2, 10, 8)
    y = layer(x)
    for s in range(3):
        own = torch.nn.Conv2d(2, 5, size, stride)
        own.weight.data, own.bias.data = layer.weight[s].data, layer.bias[s].data
        assert torch.allclose(y[s], own(x[s]), atol=1e-6)
    bound = 1 / (2 * size**2) ** 0.5
    assert layer.weight.abs().max() <= bound and layer.weight.abs().max() > 0.8 * bound


def test_a_pixel_network_reads_grey_levels():
    space = gym.spaces.Box(0, 255, (4, 10, 12), np.uint8)
    network = rl.pixel_network(rl.Seeds(2), space, 3, filters=((6, 3, 1), (5, 2, 2)), hidden=(7,))
    obs = torch.randint(0, 256, (2, 5, 4, 10, 12), dtype=torch.uint8)
    q = network(obs)
    assert q.shape == (2, 5, 3) and torch.equal(q, network(obs.float()))
    assert network[0](obs).max() <= 1


class Slow:
    """One game, written out."""

    def __init__(self, ball, speed):
        self.row, self.ball, self.speed, self.paddle = 0, ball, speed, 4

    def step(self, action):
        """Caught (1), missed (-1), or still falling (0)."""
        self.paddle = min(max(self.paddle + action - 1, 0), 8)
        self.row += 1
        for _ in range(abs(self.speed)):  # column by column
            ahead = self.ball + (1 if self.speed > 0 else -1)
            if not 0 <= ahead <= 9:
                self.speed = -self.speed
                ahead = self.ball + (1 if self.speed > 0 else -1)
            self.ball = ahead
        if self.row < 9:
            return 0
        return 1 if self.ball in (self.paddle, self.paddle + 1) else -1

    def frame(self):
        frame = np.zeros((SIZE, SIZE), np.uint8)
        frame[9, self.paddle : self.paddle + 2] = 128
        frame[self.row, self.ball] = 255
        return frame


def test_bounce_against_a_game_written_out():
    """1,000 games at once: every frame, reward and end, until the second ball lands."""
    rng, n = np.random.default_rng(0), 1000
    balls = Balls(n, frames=3, limit=10)
    uniform = rng.random((n, 2))
    balls.begin(uniform)

    def serve(u):
        return int(10 * u[0]), [-2, -1, 1, 2][int(4 * u[1])]

    games = [Slow(*serve(u)) for u in uniform]
    seen = [[game.frame()] * 3 for game in games]
    caught_twice = 0
    for t in range(1, 19):
        action, uniform = rng.integers(3, size=n), rng.random((n, 2))
        reward, terminated, truncated, final_obs = balls.step(action, uniform)
        assert not truncated.any()
        for k in range(n):
            outcome = games[k].step(action[k])
            assert reward[k] == (outcome == 1) and terminated[k] == (outcome == -1)
            missed = games[k].frame()
            if outcome == 1:
                paddle, games[k] = games[k].paddle, Slow(*serve(uniform[k]))
                games[k].paddle = paddle
                caught_twice += t == 18
            seen[k] = [*seen[k][1:], missed if outcome == -1 else games[k].frame()]
            assert (final_obs[k] == seen[k]).all()
            if outcome == -1:
                games[k] = Slow(*serve(uniform[k]))
                seen[k] = [games[k].frame()] * 3
            assert (balls.obs[k] == seen[k]).all()
    assert caught_twice > 0


def follow(obs):
    """Go to where the ball will land, as two frames tell: (S, E, 2, 10, 10) -> action (S, E)."""
    ball = (obs == 255).flatten(-2).int().argmax(-1)
    (before, now), row = (ball % SIZE).unbind(-1), ball[..., 1] // SIZE
    speed = now - before
    straight = now + speed * (SIZE - 1 - row)
    landing = straight.remainder(2 * SIZE - 2)
    landing = torch.where(landing < SIZE, landing, 2 * SIZE - 2 - landing)
    paddle = (obs[..., 1, SIZE - 1, :] == 128).int().argmax(-1)
    return (landing - paddle).sign().clamp(-1, 1) + 1


def test_limits_and_returns():
    returns = rl.evaluate(follow, BOUNCE, range(2), episodes=50, frames=2)
    assert returns.max() <= 10 and returns.mean() > 3  # reflections on the way mislead this simple rule
    assert rl.evaluate(follow, BOUNCE, range(2), episodes=50, frames=2, limit=3).max() == 3


@pytest.mark.filterwarnings("ignore:.*For Box action spaces")
def test_gymnasium_accepts_bounce():
    check_env(gym.make(BOUNCE, render_mode="rgb_array").unwrapped)


def test_the_vector_is_the_single_environment():
    one, rng = gym.make(BOUNCE, frames=2).unwrapped, rl.Seeds([3])
    envs = rl.Envs(BOUNCE, rng, frames=2)
    stream = rl.Seeds([3]).spawn()

    class Same:
        random = staticmethod(lambda shape: stream.uniform(*shape).numpy().reshape(shape))

    one._np_random = Same()
    obs, _ = one.reset()
    for t in range(200):
        assert (envs.obs[0, 0].numpy() == obs).all()
        step = envs.step(torch.tensor([[t % 3]]))
        obs, reward, terminated, truncated, _ = one.step(t % 3)
        assert (step.next_obs[0, 0].numpy() == obs).all() and step.reward.item() == reward
        assert step.terminated.item() == terminated and step.ended.item() == (terminated or truncated)
        if terminated or truncated:
            obs = one.balls.obs[0]  # already begun anew


def test_atari_frames_are_grey_small_stacked_and_bytes():
    envs = rl.Envs(ATARI, rl.Seeds(1), game="Pong")
    assert envs.obs.shape == (1, 1, 4, 84, 84) and envs.obs.dtype == torch.uint8 and envs.n_actions == 6


def test_only_the_sign_of_a_reward_is_learned_from():
    memory = SignReplay(1, 0.9)
    zeros = torch.zeros(2, 1)
    reward = torch.tensor([[7.0], [-200.0]])
    memory.add(rl.Step(zeros[..., None], zeros.long(), reward, zeros[..., None], zeros.bool(), zeros.bool()))
    assert memory.sample(3, rl.Seeds(2)).reward.tolist() == [[1.0] * 3, [-1.0] * 3]


def test_the_atari_recipe_learns_for_a_few_thousand_frames():
    weights = []
    curve, network = recipe(
        "Pong",
        steps=800,
        sub_envs=4,
        warmup=640,
        capacity=800,
        tests=0,
        sync=lambda frozen, online, update: weights.append(online.clone()),
    )
    assert len(weights) == 40 and all((a != b).any() for a, b in zip(weights, weights[1:], strict=False))
    assert network(torch.zeros(1, 2, 4, 84, 84, dtype=torch.uint8)).shape == (1, 2, 6)


def test_a_pixel_agent_learns_to_catch():
    """A tiny case: one ball decides, and 9 steps back it is known where it goes."""
    curve, _ = rl.dqn(
        BOUNCE,
        seeds=2,
        steps=8_000,
        network=partial(rl.pixel_network, filters=((8, 3, 1),), hidden=(32,)),
        n_step=3,
        batch_size=32,
        capacity=8_000,
        learning_rate=3e-3,
        epsilon=rl.linear(1.0, 0.05, 2_000),
        limit=1,
        tests=1,
        test_episodes=50,
    )
    chance = rl.evaluate(lambda obs: torch.randint(3, obs.shape[:2]), BOUNCE, range(2), episodes=200, limit=1)
    assert (curve.test.value[:, -1] > chance.mean() + 0.2).all()
