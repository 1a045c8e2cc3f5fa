"""Policy gradients: their distributions, their estimators, and what their loops must not do."""

from functools import partial

import gymnasium as gym
import numpy as np
import pytest
import torch
from tiny import Aim, Clock, Fork, Match
from torch.distributions import Categorical, Independent, Normal, kl_divergence

import course_rl as rl

small = dict(
    seeds=3,
    policy=partial(rl.policy_network, hidden=(16,)),
    value=partial(rl.value_network, hidden=(16,)),
    tests=1,
    test_episodes=2,
)
AGENTS = {"reinforce": rl.reinforce, "a2c": rl.a2c, "ppo": rl.ppo}


def short(name, env_id, rounds, batch, **kwargs):
    """`rounds` rounds of any of the three, of `batch` steps of one environment, or one episode of each."""
    amount = dict(updates=rounds, horizon=9) if name == "reinforce" else dict(steps=rounds * batch, horizon=1)
    return AGENTS[name](env_id, sub_envs=batch, **{**small, **amount, **kwargs})


def pair(kind, generator):
    """Two distributions of ours, and the same two of PyTorch's."""
    if kind == "categorical":
        ours = [rl.Categorical(torch.randn(2, 5, 4, generator=generator) * 3) for _ in range(2)]
        return ours, [Categorical(logits=x.logits) for x in ours]
    draws = [torch.randn(2, 5, 3, generator=generator) for _ in range(4)]
    ours = [rl.Gaussian(draws[0], draws[1]), rl.Gaussian(draws[2], draws[3])]
    return ours, [Independent(Normal(x.mean, x.log_std.exp()), 1) for x in ours]


@pytest.mark.parametrize("kind", ["categorical", "gaussian"])
@pytest.mark.parametrize("number", range(5))
def test_distributions_against_pytorchs_own(kind, number):
    (a, b), (torch_a, torch_b) = pair(kind, torch.Generator().manual_seed(number))
    torch.manual_seed(number)
    action = torch_a.sample()
    assert torch.allclose(a.log_prob(action), torch_a.log_prob(action), atol=1e-5)
    assert torch.allclose(a.entropy(), torch_a.entropy(), atol=1e-5)
    assert torch.allclose(a.kl(b), kl_divergence(torch_a, torch_b), rtol=1e-4, atol=1e-5)
    assert torch.allclose(a.kl(a), torch.zeros(2, 5), atol=1e-6)
    assert (torch_a.log_prob(a.mode()) >= torch_a.log_prob(action)).all()


def test_categorical_samples_follow_their_probabilities():
    probabilities = torch.tensor([[0.1, 0.2, 0.7], [0.0, 1.0, 0.0]])
    logits = probabilities.log().clamp(min=-1e9)[:, None].expand(2, 20_000, 3)
    action = rl.Categorical(logits).sample(rl.Seeds(2))
    frequency = torch.nn.functional.one_hot(action, 3).float().mean(1)
    assert torch.allclose(frequency, probabilities, atol=0.02)
    assert (action[1] == 1).all()  # what has no probability is never drawn


def test_gaussian_samples_have_their_mean_deviation_and_shape():
    mean, log_std = torch.tensor([1.0, -2.0]), torch.tensor([0.0, 1.0])
    policy = rl.Gaussian(mean.expand(3, 20_000, 2), log_std.expand(3, 20_000, 2))
    action = policy.sample(rl.Seeds(3))
    assert torch.allclose(action.mean(1), mean.expand(3, 2), atol=0.1)
    assert torch.allclose(action.std(1), log_std.exp().expand(3, 2), rtol=0.05)
    z = ((action - mean) / log_std.exp()).flatten().double().numpy()
    assert abs((z**3).mean()) < 0.1 and abs((z**4).mean() - 3) < 0.2 and np.isfinite(z).all()


def test_a_uniform_zero_is_still_a_number():
    rng = rl.Seeds(1)
    rng.uniform = lambda *shape: torch.tensor([[0.0, 1 - 2**-24]])
    assert rng.normal(2).isfinite().all()


@pytest.mark.parametrize("surrogate", [rl.unlimited, rl.clipped(0.2)])
@pytest.mark.parametrize("kind", ["categorical", "gaussian"])
def test_the_gradient_of_the_loss_against_finite_differences(surrogate, kind):
    torch.manual_seed(1)
    n = 3 if kind == "categorical" else 2
    weight = torch.randn(2, 4, n, dtype=torch.double, requires_grad=True)
    value_weight = torch.randn(2, 4, dtype=torch.double, requires_grad=True)
    obs, advantage, target = (
        torch.randn(2, 6, 4).double(),
        torch.randn(2, 6).double(),
        torch.randn(2, 6).double(),
    )
    old = torch.randn(2, 6).double() * 0.3 - 1.5
    action = torch.randint(3, (2, 6)) if kind == "categorical" else torch.randn(2, 6, 2).double()

    def loss(weight, value_weight):
        x = obs @ weight
        pi = (
            rl.Categorical(x)
            if kind == "categorical"
            else rl.Gaussian(x, x.mean(1, keepdim=True).expand_as(x))
        )
        ratio = (pi.log_prob(action) - old).exp()
        value = (obs * value_weight[:, None]).sum(-1)
        return rl.actor_critic_loss(surrogate(ratio, advantage), value, target, pi.entropy(), 0.5, 0.1)

    assert torch.autograd.gradcheck(loss, (weight, value_weight))


def test_the_clipped_surrogate_by_hand():
    ratio = torch.tensor([[0.5, 1.0, 1.5, 0.5, 1.0, 1.5]], requires_grad=True)
    advantage = torch.tensor([[2.0, 2.0, 2.0, -2.0, -2.0, -2.0]])
    gain = rl.clipped(0.2)(ratio, advantage)
    assert torch.allclose(gain, torch.tensor([[1.0, 2.0, 2.4, -1.6, -2.0, -3.0]]))
    (grad,) = torch.autograd.grad(gain.sum(), ratio)
    assert grad[0, [0, 2, 3, 5]].tolist() == [2.0, 0.0, 0.0, -2.0]  # only where a step would gain nothing
    assert torch.equal(rl.unlimited(ratio, advantage), ratio * advantage)


def exact_gradient(actor):
    """dJ / d weights of each seed on `Fork`, by summing over all paths of three steps."""
    p, reward = torch.tensor(Fork.p, dtype=torch.float32), torch.tensor(Fork.reward, dtype=torch.float32)
    n_seeds = len(next(actor.parameters()))
    probability = actor(torch.arange(6).expand(n_seeds, 6)).logits.softmax(-1)  # (S, 6, A)

    def value(t, state):
        """Expected return from here, (S,)."""
        if t == 3:
            return torch.zeros(n_seeds)
        total = torch.zeros(n_seeds)
        for a in range(2):
            rest = p[state, a] * value(t + 1, 1) + (1 - p[state, a]) * value(t + 1, 0)
            total = total + probability[:, 2 * t + state, a] * (reward[state, a] + rest)
        return total

    gradients = torch.autograd.grad(value(0, 0).sum(), list(actor.parameters()))
    return torch.cat([g.flatten(1) for g in gradients], 1).numpy()


@pytest.mark.parametrize("baseline", [rl.no_baseline, rl.value_baseline])
def test_the_score_function_estimator_is_unbiased(baseline):
    """The gradients that `reinforce` computes, at fixed weights, average to the exact one."""
    estimates = []

    def spy(grad):
        estimates.append(grad.clone().numpy())

    _, agent = rl.reinforce(
        Fork,
        seeds=4,
        updates=60,
        sub_envs=50,
        horizon=3,
        gamma=1.0,
        learning_rate=0.0,
        normalize=rl.unnormalized,
        baseline=baseline,
        clip=spy,
        value_updates=1,
        tests=0,
        policy=partial(rl.policy_network, hidden=()),
        value=partial(rl.value_network, hidden=(8,)),
    )
    exact = exact_gradient(agent.actor)
    actor_gradients = estimates[0::2]  # every other one is the critic's
    sample = -3 * np.stack(actor_gradients)[..., : exact.shape[1]]  # a loss, per step, of three steps
    error = sample.std(0) / np.sqrt(len(sample))
    z = (sample.mean(0) - exact)[error > 1e-7] / error[error > 1e-7]
    assert np.abs(exact).max() > 0.1 and len(z) >= 40
    assert (z**2).mean() < 1.7 and np.abs(z).max() < 5


def returns_by_loop(reward, ended, gamma):
    out = np.zeros_like(reward)
    for t in range(len(reward)):
        for k in range(t, len(reward)):
            out[t] += gamma ** (k - t) * reward[k]
            if ended[k]:
                break
    return out


@pytest.mark.parametrize("number", range(20))
def test_returns_and_advantages_against_loops(number):
    """With ends everywhere, both kinds, the last step among them."""
    rng = np.random.default_rng(number)
    reward, value, next_value = rng.normal(size=(3, 2, 9, 3))
    ended = rng.random((2, 9, 3)) < rng.choice([0.1, 0.5, 0.9])
    terminated = ended & (rng.random((2, 9, 3)) < 0.5)
    gamma, lam = rng.choice([0.0, 0.5, 0.99, 1.0], 2)
    got = rl.returns_to_go(*map(torch.tensor, (reward, ended)), gamma)
    advantage = rl.gae(*map(torch.tensor, (reward, value, next_value, terminated, ended)), gamma, lam)
    for s in range(2):
        for e in range(3):
            assert np.allclose(got[s, :, e], returns_by_loop(reward[s, :, e], ended[s, :, e], gamma))
            bootstrap = np.where(terminated[s, :, e], 0.0, next_value[s, :, e])
            delta = reward[s, :, e] + gamma * bootstrap - value[s, :, e]
            assert np.allclose(advantage[s, :, e], returns_by_loop(delta, ended[s, :, e], gamma * lam))


def test_advantages_by_hand():
    """gamma = lam = 1/2; a termination at step 1, a truncation at step 3, an open end."""
    advantage = rl.gae(
        reward=torch.tensor([[1.0, 2.0, 3.0, 4.0, 5.0]]),
        value=torch.tensor([[1.0, 1.0, 2.0, 2.0, 4.0]]),
        next_value=torch.tensor([[1.0, 8.0, 2.0, 6.0, 2.0]]),
        terminated=torch.tensor([[False, True, False, False, False]]),
        ended=torch.tensor([[False, True, False, True, False]]),
        gamma=0.5,
        lam=0.5,
    )
    # deltas: 1 + .5 - 1, 2 + 0 - 1, 3 + 1 - 2, 4 + 3 - 2, 5 + 1 - 4
    assert advantage.tolist() == [[0.5 + 0.25, 1.0, 2.0 + 1.25, 5.0, 2.0]]


def test_returns_go_on_after_an_open_end_only():
    reward, ended = torch.ones(1, 2, 2), torch.tensor([[[False, False], [False, True]]])
    got = rl.returns_to_go(reward, ended, 0.5, last=torch.tensor([[4.0, 4.0]]))
    assert got.tolist() == [[[2.5, 1.5], [3.0, 1.0]]]


def test_standardize_counts_valid_steps_only():
    advantage = torch.tensor([[[1.0, 3.0], [5.0, 100.0]], [[2.0, 2.0], [2.0, 2.0]]])
    valid = torch.tensor([[[True, True], [True, False]], [[True, True], [True, True]]])
    got = rl.standardize(advantage, valid)
    assert torch.allclose(got[0].flatten()[:3], torch.tensor([-2.0, 0.0, 2.0]) / (8 / 3) ** 0.5)
    assert torch.equal(got[1], torch.zeros(2, 2))  # nothing differs, and no division by zero
    assert torch.equal(rl.unnormalized(advantage, valid), advantage)


@pytest.mark.parametrize("surrogate", [rl.unlimited, rl.clipped(0.2)])
def test_ppo_with_one_epoch_of_one_minibatch_is_a2c(surrogate):
    common = dict(**small, steps=64, sub_envs=8, horizon=8, learning_rate=0.01, entropy_weight=0.1)
    _, a = rl.a2c("CartPole-v1", **common)
    _, b = rl.ppo("CartPole-v1", **common, epochs=1, minibatches=1, surrogate=surrogate)
    _, before = rl.a2c("CartPole-v1", **{**common, "learning_rate": 0.0})
    for x, y, z in zip(a.parameters(), b.parameters(), before.parameters(), strict=True):
        assert torch.allclose(x, y, atol=1e-4) and not torch.allclose(x, z, atol=2e-3)


@pytest.mark.parametrize("name", AGENTS)
def test_solves_a_tiny_environment(name):
    curve, agent = short(name, Match, 60, 16, learning_rate=0.02, test_episodes=20)
    assert (curve.test.value[:, -1] == 1.0).all()
    probability = agent(torch.tensor([[[0.0], [1.0]]]).expand(3, 2, 1)).logits.softmax(-1)
    assert (probability.diagonal(dim1=1, dim2=2) > 0.7).all()


@pytest.mark.parametrize("name", AGENTS)
def test_solves_a_tiny_continuous_environment(name):
    env = partial(Aim, low=-2.0, high=0.0)  # so 0.5 lies beyond the bounds: 0 is the best there
    curve, agent = short(
        name, env, 300, 16, learning_rate=rl.linear(0.03, 0.003, 300 if name == "reinforce" else 4800)
    )
    action = agent(torch.tensor([[[-0.5], [0.5]]]).expand(3, 2, 1)).mode()[..., 0]
    assert torch.allclose(action[:, 0], torch.tensor(0.5), atol=0.15)  # -0.5 lies three quarters up [-2, 0]
    assert (action[:, 1] > 0.85).all()
    assert (curve.test.value[:, -1] > -0.27).all()


def test_an_environment_gets_what_it_allows_and_the_agent_learns_from_what_it_drew():
    envs = rl.Envs(partial(Aim, low=-2.0, high=6.0), rl.Seeds(1), 4)
    goal = envs.obs[0, :, 0]
    drawn = torch.tensor([[[-3.0], [-1.0], [0.0], [1.7]]])
    step = envs.step(drawn)
    assert torch.equal(step.action, drawn)
    assert torch.allclose(step.reward[0], -((torch.tensor([-2.0, -2.0, 2.0, 6.0]) - goal) ** 2))


def test_pendulums_move_as_gymnasiums_single_pendulum_does():
    envs = rl.Envs("Pendulum-v1", rl.Seeds(2), 2)
    assert type(envs._vector).__name__ == "Pendulums"
    singles = [gym.make("Pendulum-v1").unwrapped for _ in range(4)]
    for single, state in zip(singles, envs._vector.env.state.T, strict=True):
        single.reset()
        single.state = state.copy()
    assert np.ptp(envs._vector.env.state[0]) > 0
    for t in range(200):
        step = envs.step(2.4 * envs.rng.uniform(2, 1) - 1.2)
        for k, single in enumerate(singles):
            torque = 2 * step.action[k // 2, k % 2].clamp(-1, 1).numpy()
            obs, reward, _, _, _ = single.step(torque)
            assert np.allclose(obs, step.next_obs[k // 2, k % 2], atol=1e-5)
            assert np.isclose(reward, step.reward[k // 2, k % 2], rtol=1e-5)
        assert step.ended.all() == step.ended.any() == (t == 199) and not step.terminated.any()
    assert np.isfinite(envs.returns[-1]).all()
    assert not torch.allclose(envs.obs, step.next_obs)  # a new episode began
    assert (envs.obs[..., 2].abs() <= 1).all()


def test_no_gradient_passes_through_the_advantage():
    """Without a weight on its own loss the critic never moves."""
    for name in ("a2c", "ppo"):
        _, agent = short(name, Clock, 3, 8, value_weight=0.0, learning_rate=0.1)
        _, before = short(name, Clock, 3, 8, value_weight=0.0, learning_rate=0.0)
        for x, y in zip(agent.critic.parameters(), before.critic.parameters(), strict=True):
            assert torch.equal(x, y)
        assert not torch.equal(next(agent.actor.parameters()), next(before.actor.parameters()))


def test_ratios_are_against_the_policy_that_acted():
    ratios = []

    def spy(ratio, advantage):
        ratios.append(ratio.detach().clone())
        return ratio * advantage

    short("ppo", Match, 2, 32, surrogate=spy, epochs=3, learning_rate=0.02)
    assert len(ratios) == 6
    for start in (0, 3):
        assert torch.allclose(ratios[start], torch.tensor(1.0), atol=1e-5)  # nothing was learned in between
        away = [(r - 1).abs().mean() for r in ratios[start : start + 3]]
        assert away[0] < away[1] < away[2]


def test_every_epoch_uses_each_step_once_in_an_order_of_each_seeds_own():
    seen = []

    def policy(rng, obs_space, action_space):
        actor = rl.policy_network(rng, obs_space, action_space, hidden=(4,))
        actor.register_forward_pre_hook(lambda module, args: seen.append(args[0][..., 0].clone()))
        return actor

    rl.ppo(
        Clock,
        seeds=2,
        steps=12,
        sub_envs=1,
        horizon=12,
        epochs=2,
        minibatches=3,
        policy=policy,
        tests=0,
        length=100,
    )
    batches = [x for x in seen if x.shape[1] == 4]
    assert len(batches) == 6
    for epoch in (batches[:3], batches[3:]):
        order = torch.cat(epoch, 1)
        assert torch.equal(order.sort(1).values, torch.arange(12.0).expand(2, 12))
        assert not torch.equal(order[0], order[1])
    assert not torch.equal(torch.cat(batches[:3], 1), torch.cat(batches[3:], 1))


@pytest.mark.parametrize("name", AGENTS)
def test_the_entropy_bonus_spreads_the_policy(name):
    """Where every action pays the same, only the bonus moves a policy that starts lopsided."""

    def policy(rng, obs_space, action_space):
        actor = rl.policy_network(rng, obs_space, action_space, hidden=())
        next(iter(actor.parameters())).data.zero_()
        list(actor.parameters())[1].data.copy_(torch.tensor([1.0, -1.0]))
        return actor

    def entropy(weight):
        _, agent = short(
            name,
            partial(Clock, length=1, shows=False),
            30,
            8,
            policy=policy,
            normalize=lambda advantage, valid: torch.zeros_like(advantage),
            entropy_weight=weight,
            learning_rate=0.05,
        )
        return agent(torch.zeros(3, 1, 1)).entropy()

    assert (entropy(1.0) > 0.65).all() and torch.allclose(entropy(0.0), torch.tensor(0.365), atol=0.01)


def test_the_critic_of_a_rollout_learns_the_value_through_truncation():
    """Reward 1 a step, gamma 1/2: cut after each step the value is 2, ended after each 1."""
    for terminates, value in ((False, 2.0), (True, 1.0)):
        for agent_of in (rl.a2c, rl.ppo):
            _, agent = agent_of(
                partial(Clock, length=1, terminates=terminates, shows=False),
                steps=3_200,
                sub_envs=4,
                horizon=4,
                gamma=0.5,
                learning_rate=0.02,
                **small,
            )
            assert torch.allclose(agent.critic(torch.zeros(3, 1, 1)), torch.tensor(value), atol=0.1)


def test_episodes_are_whole_and_each_its_environments_first():
    rng = rl.Seeds(2)
    envs = rl.Envs("CartPole-v1", rng, 3)
    network = rl.policy_network(rng, envs.obs_space, envs.action_space)
    batch, valid = rl.episodes(envs, network, 200, rng)
    assert batch.obs.shape == (2, 200, 3, 4) and batch.action.shape == valid.shape == (2, 200, 3)
    length = valid.sum(1)
    for s in range(2):
        for e in range(3):
            n = int(length[s, e])
            assert valid[s, :n, e].all() and not valid[s, n:, e].any()
            assert batch.ended[s, :n, e].tolist() == [False] * (n - 1) + [True]
            assert torch.equal(batch.obs[s, 1:n, e], batch.next_obs[s, : n - 1, e])
    other, _ = rl.episodes(envs, network, 200, rng)
    assert not torch.equal(batch.obs[:, 0], other.obs[:, 0])


def test_only_valid_steps_are_learned_from():
    """A longer horizon adds only padding: the gradient stays, up to the order of its sum."""
    gradients = {}
    for horizon in (5, 30):
        seen = gradients.setdefault(horizon, [])
        short(
            "reinforce",
            partial(Clock, length=5),
            1,
            4,
            horizon=horizon,
            normalize=rl.unnormalized,
            clip=lambda grad, seen=seen: seen.append(grad.clone()),
        )
    for a, b in zip(*gradients.values(), strict=True):
        assert torch.allclose(a, b, atol=1e-5) and a.abs().max() > 1e-3


def test_a_rollout_goes_on_where_the_last_one_stopped():
    rng = rl.Seeds(2)
    envs = rl.Envs(partial(Clock, length=5), rng, 2)
    network = rl.policy_network(rng, envs.obs_space, envs.action_space)
    first, second = (rl.rollout(envs, network, 7, rng) for _ in range(2))
    assert first.obs[0, :, 0, 0].tolist() == [0, 1, 2, 3, 4, 0, 1]
    assert second.obs[1, :, 1, 0].tolist() == [2, 3, 4, 0, 1, 2, 3]
    assert (
        first.next_obs[0, 4, 0] == 5 and first.ended[0, :, 0].tolist() == [False] * 4 + [True] + [False] * 2
    )


def test_curves_of_episodes_count_the_steps_of_every_seed():
    curve, _ = short("reinforce", Clock, 4, 3, length=5, tests=2)
    assert curve.step.tolist() == [[15, 30, 45, 60]] * 3 and (curve.value == 5).all()
    assert curve.test.step.tolist() == [[30, 60]] * 3 and (curve.test.value == 5).all()
    uneven = curve._replace(step=np.array([[10, 20, 30, 40], [20, 40, 60, 80], [5, 10, 50, 60]]), test=None)
    uneven = uneven._replace(value=uneven.step / 10).aligned()
    assert uneven.step.tolist() == [20, 27, 33, 40]
    assert np.allclose(uneven.value, uneven.step / 10)
    assert curve.aligned().test.step.tolist() == [30, 60]


def test_updates_and_tests_are_as_many_as_asked_for():
    updates = []
    curve, _ = rl.ppo(
        Clock,
        **{**small, "tests": 3},
        steps=100,
        sub_envs=2,
        horizon=8,
        epochs=2,
        minibatches=4,
        clip=lambda grad: updates.append(grad.shape),
    )
    assert len(updates) == 6 * 2 * 4 and updates[0][0] == 3  # 6 rollouts of 16 steps fit into 100
    assert curve.test.step.tolist() == [32, 64, 96] and curve.step[-1] == 96
    assert (np.diff(curve.seconds) >= 0).all() and curve.test.seconds[-1] == curve.seconds[-1]


def test_the_policy_starts_nearly_uniform():
    rng = rl.Seeds(3)
    envs = rl.Envs("CartPole-v1", rng)
    pi = rl.policy_network(rng, envs.obs_space, envs.action_space)(10 * torch.randn(3, 50, 4))
    assert (pi.logits.softmax(-1) - 0.5).abs().max() < 0.02
    envs = rl.Envs("Pendulum-v1", rng)
    pi = rl.policy_network(rng, envs.obs_space, envs.action_space)(torch.randn(3, 50, 3))
    assert pi.mean.shape == pi.log_std.shape == (3, 50, 1) and pi.mean.abs().max() < 0.02
    assert (pi.log_std == 0).all()
