"""The seed contract: a seed's run does not depend on the company it keeps."""

from functools import partial

import numpy as np
import pytest
import torch

import course_rl as rl

RUNS = {
    "q_learning": partial(rl.q_learning, "FrozenLake-v1", steps=2_000, tests=2),
    "q_learning, several sub-environments": partial(
        rl.q_learning, "CliffWalking-v1", steps=2_000, sub_envs=4, max_episode_steps=100, tests=2
    ),
    "dqn, CartPole": partial(rl.dqn, "CartPole-v1", steps=2_000, tests=2, learning_rate=5e-3),
    "dqn, table, 3-step, double, clipped": partial(
        rl.dqn,
        "FrozenLake-v1",
        steps=1_000,
        tests=2,
        n_step=3,
        sub_envs=4,
        target=rl.double_q_target,
        clip=rl.clip_norm(1.0),
        warmup=100,
    ),
    "dqn, any environment, soft update": partial(
        rl.dqn,
        "MountainCar-v0",
        steps=640,
        tests=1,
        sub_envs=2,
        warmup=100,
        sync=rl.soft_update(0.1),
        clip=rl.clip_value(0.1),
        loss=rl.huber,
    ),
    "reinforce, CartPole": partial(
        rl.reinforce, "CartPole-v1", updates=4, tests=2, learning_rate=0.02, entropy_weight=0.01
    ),
    "reinforce, table": partial(
        rl.reinforce, "FrozenLake-v1", updates=10, tests=2, horizon=100, baseline=rl.no_baseline
    ),
    "a2c, CartPole, clipped": partial(
        rl.a2c, "CartPole-v1", steps=3_000, tests=2, clip=rl.clip_norm(0.5), learning_rate=5e-3
    ),
    "ppo, CartPole, minibatches": partial(
        rl.ppo, "CartPole-v1", steps=2_000, tests=2, minibatches=3, learning_rate=5e-3
    ),
    "ppo, pendulums": partial(rl.ppo, "Pendulum-v1", steps=2_000, tests=2, minibatches=2),
    "ppo, any environment with bounds": partial(
        rl.ppo, "MountainCarContinuous-v0", steps=640, sub_envs=2, tests=1, max_episode_steps=60
    ),
    "dqn, dueling, prioritized": partial(
        rl.dqn,
        "CartPole-v1",
        steps=2_000,
        tests=2,
        network=rl.dueling_network,
        replay=rl.PrioritizedReplay,
        n_step=3,
        learning_rate=5e-3,
    ),
    "dqn, pixels": partial(
        rl.dqn, "course_rl/Bounce-v0", steps=960, tests=1, network=rl.pixel_network, warmup=500, batch_size=32
    ),
    "dqn, recommender": partial(
        rl.dqn, rl.movierec.ID, steps=1_600, tests=2, network=rl.movierec.q_network(rl.movierec.world())
    ),
    "ppo, recommender": partial(
        rl.ppo,
        rl.movierec.ID,
        steps=1_600,
        tests=2,
        minibatches=3,
        policy=rl.movierec.policy_network(rl.movierec.world()),
        value=rl.movierec.value_network(rl.movierec.world()),
    ),
}


@pytest.mark.parametrize("name", RUNS)
def test_a_seed_alone_equals_the_same_seed_among_others(name):
    among, learner = RUNS[name](seeds=5)
    alone, single = RUNS[name](seeds=[2])
    assert np.array_equal(among.value[2], alone.value[0], equal_nan=True)
    assert np.array_equal(among.test.value[2], alone.test.value[0])
    weights = list(learner.parameters()) if isinstance(learner, torch.nn.Module) else [learner]
    weights_alone = list(single.parameters()) if isinstance(single, torch.nn.Module) else [single]
    for a, b in zip(weights, weights_alone, strict=True):
        assert torch.equal(a[2], b[0])
    assert len(torch.unique(weights[0].flatten(1), dim=0)) == 5  # and no two seeds lived the same life


def test_every_draw_is_the_seeds_own():
    together, alone = rl.Seeds([3, 5, 8]), rl.Seeds([5])
    for shape in ((4,), (2, 3), (40_000,), (1,)):
        assert torch.equal(together.uniform(*shape)[1], alone.uniform(*shape)[0])
    assert torch.equal(together.spawn().uniform(9)[1], alone.spawn().uniform(9)[0])
    draws = together.uniform(1000)
    assert abs(np.corrcoef(draws.numpy())[np.triu_indices(3, 1)]).max() < 0.15


def test_spawned_streams_are_new():
    rng = rl.Seeds(2)
    streams = [rng, rng.spawn(), rng.spawn()]
    draws = np.concatenate([s.uniform(1000).numpy() for s in streams])
    assert abs(np.corrcoef(draws)[np.triu_indices(6, 1)]).max() < 0.15


@pytest.mark.parametrize("high", [1, 2, 3, 1000, 39_999])
def test_integers_are_uniform_and_in_range(high):
    x = rl.Seeds(4).integers(high, 20_000)
    assert x.min() >= 0 and x.max() <= high - 1
    assert abs(x.double().mean() / max(high - 1, 1) - (0.5 if high > 1 else 0)) < 0.01


def test_integers_never_reach_high_even_where_float32_rounds_up():
    rng = rl.Seeds(1)
    rng.uniform = lambda *shape: torch.full((1, *shape), 1 - 2**-24)
    assert rng.integers(2**24 + 3, 1).item() == 2**24 + 2


def test_the_gradient_of_a_seed_is_zero_on_the_weights_of_the_others():
    rng = rl.Seeds(4)
    network = rl.q_network(rng, rl.Envs("CartPole-v1", rng).obs_space, 2)
    weights = rl.weight_matrix(network)
    objective = network(torch.randn(4, 8, 4)).pow(2).mean((1, 2))
    rl.differentiate(objective * torch.tensor([0.0, 0.0, 1.0, 0.0]), network, weights)
    touched = weights.grad.abs().sum(1) > 0
    assert touched.tolist() == [False, False, True, False]


def test_clipping_is_per_seed():
    grad = torch.tensor([[3.0, 4.0], [0.3, 0.4]])
    rl.clip_norm(1.0)(grad)
    assert torch.allclose(
        grad, torch.tensor([[0.6, 0.8], [0.3, 0.4]])
    )  # the large one did not shrink the small one
    rl.clip_value(0.5)(grad)
    assert torch.allclose(grad, torch.tensor([[0.5, 0.5], [0.3, 0.4]]))
    still = torch.zeros(2, 3)
    rl.clip_norm(1.0)(still)
    assert torch.equal(still, torch.zeros(2, 3))  # a zero gradient stays zero, and a number
