"""Bad input gets one sentence that names the argument, its value, and what is allowed."""

from functools import partial

import gymnasium as gym
import numpy as np
import pytest
import torch
from tiny import Broken, Clock, Odd

import course_rl as rl

dqn = partial(rl.dqn, "CartPole-v1", steps=100, seeds=2)
tabular = partial(rl.q_learning, "FrozenLake-v1", steps=100, seeds=2)
q = torch.zeros(2, 3, 4)
curve = rl.Curve(np.array([1]), np.ones((2, 1)), np.ones(1))


pg = partial(rl.ppo, "CartPole-v1", steps=256, seeds=2)
reinforce = partial(rl.reinforce, "CartPole-v1", updates=2, seeds=2)


def policy(obs):
    return torch.zeros(obs.shape[:2], dtype=torch.long)


BAD = [
    (lambda: rl.Seeds(0), "seeds is 0; it must be an integer of at least 1"),
    (lambda: rl.Seeds(-3), "seeds is -3; it must be an integer of at least 1"),
    (lambda: rl.Seeds([]), "seeds is []; it must be a positive number of seeds, or a list of them that is not empty"),
    (lambda: rl.Seeds([1, -2]), "seeds is -2; it must be an integer of at least 0"),
    (lambda: rl.Seeds([1, 2.5]), "seeds is 2.5; it must be an integer of at least 0"),
    (lambda: rl.Seeds([7, 7]), "seeds is [7, 7]; it must be all different: a repeated seed is no new run"),
    (lambda: rl.Seeds(2.5), "seeds is 2.5; it must be a positive number of seeds, or a list of them"),
    (lambda: rl.Seeds("3"), "seeds is '3'; it must be"),
    (lambda: rl.Seeds(True), "seeds is True; it must be an integer of at least 1"),
    (lambda: rl.Envs("NoSuchGame-v0", rl.Seeds(1)), "env_id is 'NoSuchGame-v0'; it must be an environment registered"),
    (lambda: rl.Envs("CartPole-v9", rl.Seeds(1)), "env_id is 'CartPole-v9'; it must be an environment registered"),
    (lambda: rl.Envs(3, rl.Seeds(1)), "env_id is 3; it must be a Gymnasium id or a function that makes an environment"),
    (lambda: rl.Envs(lambda: 3, rl.Seeds(1)), "a function that makes a gymnasium.Env, not 3"),
    (lambda: rl.Envs("CartPole-v1", rl.Seeds(1), 0), "sub_envs is 0; it must be an integer of at least 1"),
    (lambda: rl.Envs("CartPole-v1", rl.Seeds(2)).step(torch.zeros(2)), "action is (2,); it must be of shape (seeds, sub_envs) = (2, 1)"),
    (lambda: rl.dqn("Pendulum-v1", seeds=2), "env_id is 'Pendulum-v1'; it must be an environment with Discrete actions"),
    (lambda: rl.ppo(Odd, seeds=2, action_space=gym.spaces.MultiBinary(3)), "an environment with Discrete actions or a bounded Box of shape (D,), not MultiBinary(3)"),
    (lambda: rl.ppo(Odd, seeds=2, action_space=gym.spaces.Box(-np.inf, np.inf, (2,))), "a bounded Box of shape (D,), not Box(-inf, inf, (2,), float32)"),
    (lambda: rl.ppo("Blackjack-v1", seeds=2), "env_id is 'Blackjack-v1'; it must be an environment with Discrete or Box observations"),
    (lambda: rl.Envs("Pendulum-v1", rl.Seeds(2)).step(torch.zeros(2, 1)), "action is (2, 1); it must be of shape (seeds, sub_envs, D) = (2, 1, 1)"),
    (lambda: rl.Envs("Pendulum-v1", rl.Seeds([3, 4])).step(torch.tensor([[[0.0]], [[float("nan")]]])), "the action for Pendulum-v1 is not finite (seed 4, step 0)"),
    (lambda: rl.Envs(rl.movierec.ID, rl.Seeds(1), catalogue=9), "catalogue is 9; it must be an integer of at least 10"),
    (lambda: rl.dueling_network(rl.Seeds(2), Clock.observation_space, 2, hidden=(8,)), "hidden is (8,); it must be at least two layers: a shared one, and one for each stream"),
    (lambda: rl.dueling_network(rl.Seeds(2), Clock.observation_space, 2, hidden=(8, 0)), "hidden is 0; it must be an integer of at least 1"),
    (lambda: rl.PrioritizedReplay(10, 0.9, alpha=-1), "alpha is -1; it must be a finite number of at least 0.0"),
    (lambda: rl.PrioritizedReplay(10, 0.9, beta=2.0), "beta is 2.0; it must be a finite number from 0.0 to 1.0"),
    (lambda: rl.PrioritizedReplay(10, 0.9, floor=0), "floor is 0; it must be positive: what cannot be drawn is never corrected"),
    (lambda: rl.PrioritizedReplay(10, 0.9, floor="low"), "floor is 'low'; it must be a finite number of at least 0.0"),
    (lambda: rl.PrioritizedReplay(10, 0.9).sample(2, rl.Seeds(2)), "the replay memory is 'empty'; it must be filled with `add` before `sample`"),
    (lambda: rl.pixel_network(rl.Seeds(2), Clock.observation_space, 2), "obs_space is Box(0.0, 1000.0, (1,), float32); it must be a Box of shape (frames, height, width)"),
    (lambda: rl.pixel_network(rl.Seeds(2), rl.pixels.Bounce().observation_space, 3, filters=((8, 11, 1),)), "filters is ((8, 11, 1),); it must be no larger than what they see, here [10, 10]"),
    (lambda: rl.pixel_network(rl.Seeds(2), rl.pixels.Bounce().observation_space, 3, filters=((8, 3, 0),)), "stride is 0; it must be an integer of at least 1"),
    (lambda: rl.Envs(rl.pixels.BOUNCE, rl.Seeds(1), frames=0), "frames is 0; it must be an integer of at least 1"),
    (lambda: rl.Envs(rl.pixels.BOUNCE, rl.Seeds(1), limit=0), "limit is 0; it must be an integer of at least 1"),
    (lambda: rl.bugs.planted("none"), "name is 'none'; it must be one of ['no terminal mask'"),
    (lambda: rl.movierec.world(9001), "catalogue is 9001; it must be at most 9000"),
    (lambda: rl.movierec.world(boredom=-1), "boredom is -1; it must be a finite number of at least 0.0"),
    (lambda: rl.movierec.world(leaving=float("nan")), "leaving is nan; it must be a finite number of at least 0.0"),
    (lambda: rl.movierec.world(satiation="much"), "satiation is 'much'; it must be a finite number"),
    (lambda: rl.movierec.world(repetition=None), "repetition is None; it must be a finite number"),
    (lambda: rl.movierec.MovieRec(users=[]), "users is array([], dtype=float64); it must be some of the users 0 to 670"),
    (lambda: rl.movierec.MovieRec(users=[671]), "users is array([671]); it must be some of the users 0 to 670"),
    (lambda: rl.movierec.MovieRec(hidden="age"), "hidden is ('age',); it must be a part of ('user', 'history')"),
    (lambda: rl.movierec.MovieRecVector(0), "num_envs is 0; it must be an integer of at least 1"),
    (lambda: rl.movierec.MovieRecVector(2).reset(seed=[1]), "seed is [1]; it must be a number, or 2 of them"),
    (lambda: rl.movierec.MovieRec().step(10), "action is 10; it must be one of Discrete(10)"),
    (lambda: rl.movierec.MovieRecVector(2).step([3, -1]), "action is array([ 3, -1]); it must be one of MultiDiscrete([10 10])"),
    (lambda: rl.Envs(rl.movierec.ID, rl.Seeds(1), colour="blue"), "it must be an environment that takes the arguments {'colour': 'blue'}"),
    (lambda: rl.movierec.Planner(rl.movierec.world(11)), "world is 'a catalogue of 11 films'; it must be one of 10 films"),
    (lambda: rl.movierec.expected_return(rl.movierec.world(), policy, [0], gamma=2.0), "gamma is 2.0; it must be a finite number from 0.0 to 1.0"),
    (lambda: rl.dqn(rl.movierec.ID, seeds=2), "it must be Discrete or a Box; pass a network that reads these observations"),
    (lambda: pg(seeds=[]), "seeds is []; it must be"),
    (lambda: pg(steps=255), "steps is 255; it must be an integer of at least 256"),
    (lambda: pg(horizon=0), "horizon is 0; it must be an integer of at least 1"),
    (lambda: pg(sub_envs=-2), "sub_envs is -2; it must be an integer of at least 1"),
    (lambda: pg(epochs=0), "epochs is 0; it must be an integer of at least 1"),
    (lambda: pg(minibatches=257), "minibatches is 257; it must be at most horizon * sub_envs = 256"),
    (lambda: pg(minibatches=1.5), "minibatches is 1.5; it must be an integer of at least 1"),
    (lambda: pg(gamma=1.01), "gamma is 1.01; it must be a finite number from 0.0 to 1.0"),
    (lambda: pg(lam=-0.1), "lam is -0.1; it must be a finite number from 0.0 to 1.0"),
    (lambda: pg(lam=None), "lam is None; it must be a finite number from 0.0 to 1.0"),
    (lambda: pg(entropy_weight=-0.1), "entropy_weight is -0.1; it must be a finite number of at least 0.0"),
    (lambda: pg(value_weight="x"), "value_weight is 'x'; it must be a finite number of at least 0.0"),
    (lambda: pg(learning_rate=-1), "learning_rate is -1; it must be a finite number of at least 0.0"),
    (lambda: pg(estimator=None), "estimator is None; it must be a function (reward, value, next_value, terminated, ended, gamma, lam)"),
    (lambda: pg(surrogate=0.2), "surrogate is 0.2; it must be a function (ratio, advantage) -> (S, B)"),
    (lambda: pg(normalize=True), "normalize is True; it must be a function (advantage, valid)"),
    (lambda: pg(policy="mlp"), "policy is 'mlp'; it must be a function (rng, obs_space, action_space)"),
    (lambda: pg(value=3), "value is 3; it must be a function (rng, obs_space)"),
    (lambda: pg(clip=0.5), "clip is 0.5; it must be a function grad (S, P)"),
    (lambda: pg(tests=-1), "tests is -1; it must be an integer of at least 0"),
    (lambda: rl.clipped(-0.2), "limit is -0.2; it must be a finite number of at least 0.0"),
    (lambda: reinforce(updates=0), "updates is 0; it must be an integer of at least 1"),
    (lambda: reinforce(value_updates=-1), "value_updates is -1; it must be an integer of at least 1"),
    (lambda: reinforce(baseline=0), "baseline is 0; it must be a function (returns, value, valid)"),
    (lambda: reinforce(horizon=3), "horizon is 3; it must be at least the length of the longest episode"),
    (lambda: rl.a2c(partial(Broken, reward=float("nan")), seeds=2, steps=256), "the reward of"),
    (lambda: rl.dqn(Odd, seeds=2, action_space=gym.spaces.Discrete(2, start=1)), "an environment with Discrete actions counted from 0"),
    (lambda: rl.dqn("Blackjack-v1", seeds=2), "env_id is 'Blackjack-v1'; it must be an environment with Discrete or Box observations, or a Dict of these, not Tuple"),
    (lambda: rl.q_learning("CartPole-v1", seeds=2), "env_id is 'CartPole-v1'; it must be an environment with Discrete observations"),
    (lambda: rl.dqn(partial(Broken, reward=float("nan")), seeds=2, steps=64), "the reward of"),
    (lambda: rl.dqn(partial(Broken, obs=float("inf")), seeds=2, steps=64), "the observation of"),
    (lambda: dqn(seeds=0), "seeds is 0; it must be an integer of at least 1"),
    (lambda: dqn(steps=-5), "steps is -5; it must be an integer of at least 16"),
    (lambda: dqn(steps=10), "steps is 10; it must be an integer of at least 16"),
    (lambda: dqn(steps=1e4), "steps is 10000.0; it must be an integer of at least 16"),
    (lambda: dqn(sub_envs=-1), "sub_envs is -1; it must be an integer of at least 1"),
    (lambda: dqn(batch_size=0), "batch_size is 0; it must be an integer of at least 1"),
    (lambda: dqn(capacity=0), "capacity is 0; it must be an integer of at least 1"),
    (lambda: dqn(capacity=100), "capacity is 100; it must be a multiple of sub_envs = 16"),
    (lambda: dqn(warmup=-1), "warmup is -1; it must be an integer of at least 0"),
    (lambda: dqn(updates_per_step=-1), "updates_per_step is -1; it must be a finite number of at least 0.0"),
    (lambda: dqn(reward_scale=float("nan")), "reward_scale is nan; it must be a finite number of at least 0.0"),
    (lambda: dqn(gamma=1.5), "gamma is 1.5; it must be a finite number from 0.0 to 1.0"),
    (lambda: dqn(gamma=-0.1), "gamma is -0.1; it must be a finite number from 0.0 to 1.0"),
    (lambda: dqn(gamma="0.9"), "gamma is '0.9'; it must be a finite number from 0.0 to 1.0"),
    (lambda: dqn(n_step=0), "n_step is 0; it must be an integer of at least 1"),
    (lambda: dqn(learning_rate=-1e-3), "learning_rate is -0.001; it must be a finite number of at least 0.0"),
    (lambda: dqn(epsilon=1.2), "epsilon is 1.2; it must be a finite number from 0.0 to 1.0"),
    (lambda: dqn(epsilon=lambda t: 1 - t), "epsilon is -15; it must be a finite number from 0.0 to 1.0"),
    (lambda: dqn(tests=-1), "tests is -1; it must be an integer of at least 0"),
    (lambda: dqn(test_episodes=0), "test_episodes is 0; it must be an integer of at least 1"),
    (lambda: dqn(probe=3), "probe is 3; it must be a function network -> tensor (S, ...)"),
    (lambda: dqn(target="double"), "target is 'double'; it must be a function (reward, discount, q_next, q_next_online)"),
    (lambda: dqn(sync=20), "sync is 20; it must be a function (frozen, online, update)"),
    (lambda: dqn(clip=10.0), "clip is 10.0; it must be a function grad (S, P)"),
    (lambda: dqn(network=64), "network is 64; it must be a function (rng, obs_space, n_actions)"),
    (lambda: dqn(replay=None), "replay is None; it must be a function (capacity, gamma, n_step)"),
    (lambda: dqn(network=partial(rl.q_network, hidden=(0,))), "hidden is 0; it must be an integer of at least 1"),
    (lambda: dqn(network=partial(rl.q_network, scale=[1.0, 2.0])), "scale is [1.0, 2.0]; it must be one positive number, or 4 of them"),
    (lambda: dqn(network=partial(rl.q_network, scale=0.0)), "scale is 0.0; it must be one positive number"),
    (lambda: dqn(render="human"), "env_id is 'CartPole-v1'; it must be an environment that takes the arguments {'render': 'human'}"),
    (lambda: rl.hard_update(0), "every is 0; it must be an integer of at least 1"),
    (lambda: rl.soft_update(1.5), "tau is 1.5; it must be a finite number from 0.0 to 1.0"),
    (lambda: rl.clip_norm(-1), "limit is -1; it must be a finite number of at least 0.0"),
    (lambda: rl.linear(1.0, 0.1, 0), "duration is 0; it must be a finite number of at least 1"),
    (lambda: rl.exponential(1.0, 0.1, -5), "duration is -5; it must be a finite number of at least 1"),
    (lambda: rl.Replay(10, 0.9).sample(4, rl.Seeds(1)), "the replay memory is 'empty'; it must be filled with `add`"),
    (lambda: tabular(step_size=2.0), "step_size is 2.0; it must be a finite number from 0.0 to 1.0"),
    (lambda: tabular(act=0.1), "act is 0.1; it must be a function (q, epsilon, rng)"),
    (lambda: tabular(initial=float("inf")), "initial is inf; it must be a finite number"),
    (lambda: rl.model("CartPole-v1"), "env_id is 'CartPole-v1'; it must be an environment with a transition table P"),
    (lambda: rl.value_iteration(torch.zeros(2, 3, 4), torch.zeros(2, 3), 0.9), "transition is (2, 3, 4); it must be of shape (N, A, N)"),
    (lambda: rl.value_iteration(torch.ones(1, 1, 1), torch.ones(1, 1), 1.0), "value iteration did not converge with gamma = 1.0"),
    (lambda: rl.evaluate("greedy", "CartPole-v1", 2), "policy is 'greedy'; it must be a function"),
    (lambda: rl.evaluate(policy, "CartPole-v1", 2, episodes=0), "episodes is 0; it must be an integer of at least 1"),
    (lambda: rl.evaluate(policy, Clock, 2, length=10**9, max_steps=50), "did not end within max_steps = 50"),
    (lambda: rl.evaluate(rl.greedy(rl.lookup(q)), "FrozenLake-v1", 3), "policy does not act on observations of shape (3, 10), (seeds, episodes, ...): is it made for other seeds?"),
    (lambda: rl.mean([1.0]), "values is"),
    (lambda: rl.iqm([1.0, float("nan")]), "values is"),
    (lambda: rl.plot({}), "curves is {}; it must be a dict {label: Curve} that is not empty"),
    (lambda: rl.plot([curve]), "it must be a dict {label: Curve} that is not empty"),
    (lambda: rl.plot({"a": curve}, statistic="iqm"), "statistic is 'iqm'; it must be a function (values, axis)"),
    (lambda: rl.check("no-such-exercise", policy), "name is 'no-such-exercise'; it must be an exercise: "),
    (lambda: rl.check("double-q-target", 5), "answer is 5; it must be a function that solves the exercise"),
    (lambda: rl.language("de"), "language is 'de'; it must be one of en, zh, ru, or None for all three"),
]


@pytest.mark.parametrize(("call", "sentence"), BAD, ids=[sentence[:60] for _, sentence in BAD])
def test_bad_input_is_told_so(call, sentence):
    with pytest.raises(ValueError) as error:
        call()
    assert sentence in str(error.value)


def test_there_are_at_least_forty():
    assert len(BAD) >= 40


def test_a_loss_that_is_not_finite_names_seed_and_step():
    def explode(td_error):
        return torch.where(torch.arange(2)[:, None] == 1, torch.inf, td_error**2)
    with pytest.raises(FloatingPointError, match="the loss of seed 8 is not finite at step 512; lower learning_rate"):
        rl.dqn("CartPole-v1", seeds=[3, 8], steps=1_000, loss=explode)


@pytest.mark.parametrize("agent", [rl.a2c, rl.ppo])
def test_a_policy_loss_that_is_not_finite_names_seed_and_step(agent):
    def explode(advantage, valid):
        return torch.where(torch.arange(2)[:, None, None] == 1, torch.inf, advantage)
    with pytest.raises(FloatingPointError, match="the loss of seed 8 is not finite at step 256"):
        agent("CartPole-v1", seeds=[3, 8], steps=512, normalize=explode)
