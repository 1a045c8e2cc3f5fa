"""make bench: `course_rl` beside stable-baselines3 on CartPole-v1 and MovieRec-v0, one process, one thread.

On CartPole stable-baselines3 runs with the tuned hyperparameters of rl-zoo. Both are tested without
exploration over the same fresh episodes, off the clock. "Whole run" compares what each needs as its makers
tuned it; "engine alone" gives both the same networks, batches, steps and updates.
"""

import os

os.environ.update(OMP_NUM_THREADS="1", TQDM_DISABLE="1")  # before torch is imported

import copy
import time
from functools import partial

import gymnasium as gym
import numpy as np
import stable_baselines3 as sb3
import torch
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.env_util import make_vec_env

import course_rl as rl
from course_rl import movierec
from course_rl.movierec.env import as_dict

SCALE = [2.4, 2.0, 0.2, 2.0]
SMALL = dict(hidden=(32, 32), scale=SCALE)
ACTOR_CRITIC = dict(
    policy=partial(rl.policy_network, **SMALL), value=partial(rl.value_network, **SMALL), reward_scale=0.05
)
OURS = {
    "DQN": (
        rl.dqn,
        dict(
            network=partial(rl.q_network, **SMALL),
            target=rl.double_q_target,
            reward_scale=0.05,
            learning_rate=rl.linear(5e-3, 1e-4, 40_000),
            steps=40_000,
        ),
    ),
    "PPO": (rl.ppo, dict(**ACTOR_CRITIC, learning_rate=rl.linear(3e-3, 0, 40_000), steps=40_000)),
    "A2C": (rl.a2c, dict(**ACTOR_CRITIC, learning_rate=rl.linear(5e-3, 0, 200_000), steps=200_000)),
}
ZOO = {
    "DQN": (
        sb3.DQN,
        1,
        50_000,
        dict(
            policy_kwargs=dict(net_arch=[256, 256]),
            learning_rate=2.3e-3,
            batch_size=64,
            buffer_size=100_000,
            learning_starts=1_000,
            gamma=0.99,
            target_update_interval=10,
            train_freq=256,
            gradient_steps=128,
            exploration_fraction=0.16,
            exploration_final_eps=0.04,
        ),
    ),
    "PPO": (
        sb3.PPO,
        8,
        100_000,
        dict(
            n_steps=32,
            batch_size=256,
            gae_lambda=0.8,
            gamma=0.98,
            n_epochs=20,
            ent_coef=0.0,
            learning_rate=lambda left: 1e-3 * left,
            clip_range=lambda left: 0.2 * left,
        ),
    ),
    "A2C": (sb3.A2C, 8, 500_000, dict(ent_coef=0.0)),
}
GOALS = {"DQN": (50, 8), "PPO": (40, 6), "A2C": (15, 6)}  # whole run, engine alone
SEEDS, OTHER_SEEDS, EPISODES, TESTS = range(200, 216), (0, 1, 2), 20, 20


def mean_return(policy, seeds, round):
    """Mean return (S,) over fresh episodes; the same for both libraries in each round."""
    return rl.evaluate(
        policy, "CartPole-v1", range(10_000 * (round + 1), 10_000 * (round + 1) + seeds), EPISODES
    ).mean(1)


class Tests(BaseCallback):
    """Tests of stable-baselines3's agent during its training, off the clock."""

    def __init__(self, every):
        super().__init__()
        self.every, self.means, self.seconds = every, [], []
        self.start, self.paused = time.perf_counter(), 0.0

    def policy(self, obs):
        return torch.as_tensor(self.model.predict(obs[0].numpy(), deterministic=True)[0])[None]

    def _on_step(self):
        if self.num_timesteps >= self.every * (len(self.means) + 1):
            self.test()
        return True

    def test(self):
        now = time.perf_counter() - self.start - self.paused
        self.means.append(mean_return(self.policy, 1, len(self.means))[0])
        self.seconds.append(now)
        self.paused = time.perf_counter() - self.start - now


def other(name, seed, steps=None, tests=TESTS, **changed):
    """stable-baselines3's run: seconds, steps, updates, test means, their times."""
    agent, n_envs, usual, parameters = ZOO[name]
    env = make_vec_env("CartPole-v1", n_envs=n_envs, seed=seed)
    model = agent("MlpPolicy", env, seed=seed, device="cpu", **{**parameters, **changed})
    callback = Tests((steps or usual) // tests)
    model.learn(steps or usual, callback=callback)
    seconds = time.perf_counter() - callback.start - callback.paused
    means, times = np.array(callback.means), np.array(callback.seconds)
    return seconds, model.num_timesteps, model._n_updates, means, times


def first(seconds, means):
    """Time of the first test with a mean of at least 475, nan if there was none."""
    reached = np.flatnonzero(means >= 475)
    return seconds[reached[0]] if len(reached) else np.nan


def clock(f, repeats=300):
    """Microseconds of one call."""
    f()
    start = time.perf_counter()
    for _ in range(repeats):
        f()
    return (time.perf_counter() - start) / repeats * 1e6


def whole_run(name):
    """Both as tuned by their makers; prints the table, returns the ratio of wall times per seed."""
    agent, parameters = OURS[name]
    policy_of = rl.greedy if name == "DQN" else rl.deterministic
    means = []
    curve, network = agent(
        "CartPole-v1",
        seeds=SEEDS,
        tests=TESTS,
        test_episodes=1,
        **parameters,
        probe=lambda x: means.append(mean_return(policy_of(x), len(SEEDS), len(means))) or means[-1],
    )
    final = mean_return(policy_of(network), len(SEEDS), TESTS)
    n, seconds = len(SEEDS), curve.seconds[-1]
    reached = [first(curve.test.seconds, row) for row in np.stack(means, 1)]
    theirs = [other(name, seed) for seed in OTHER_SEEDS]
    wall, steps = np.mean([t[0] for t in theirs]), theirs[0][1]
    ends = np.array([t[3][-1] for t in theirs])
    rows = [
        ("seeds", f"{n} together", f"{len(theirs)}, one by one"),
        ("steps of a seed", f"{parameters['steps']:,}", f"{steps:,}"),
        ("seconds of the whole run", f"{seconds / n:.2f}", f"{wall:.1f}"),
        ("seconds, all seeds together", f"{seconds:.1f}", f"{wall * len(theirs):.1f}"),
        (
            "seconds to first mean ≥ 475",
            f"{np.nanmedian(reached) / n:.2f} (median)",
            " · ".join("never" if np.isnan(x) else f"{x:.0f}" for x in (first(t[4], t[3]) for t in theirs)),
        ),
        (
            "seeds that ever got there",
            f"{np.isfinite(reached).sum()} of {n}",
            f"{sum(np.isfinite(first(t[4], t[3])) for t in theirs)} of {len(theirs)}",
        ),
        ("final IQM over seeds", f"{rl.iqm(final):.0f}", f"mean {ends.mean():.0f}"),
        ("worst seed", f"{final.min():.0f}", f"{ends.min():.0f}"),
        ("seeds that end ≥ 475", f"{(final >= 475).sum()} of {n}", f"{(ends >= 475).sum()} of {len(ends)}"),
        ("steps/s, all seeds", f"{n * parameters['steps'] / seconds:,.0f}", f"{steps / wall:,.0f}"),
    ]
    print(f"\nWhole run of {name}, each as its makers tuned it (CartPole-v1, per seed unless stated)")
    print(f"{'':34}{'course_rl':>18}{'stable-baselines3':>20}")
    for row, ours, theirs_ in rows:
        print(f"{row:34}{ours:>18}{theirs_:>20}")
    return wall / (seconds / n), rl.iqm(final).value, int((final >= 475).sum())


def same_work(name):
    """A short run of ours and of theirs with the same networks 64-64, batches, steps and updates."""
    layers = dict(policy_kwargs=dict(net_arch=[64, 64], activation_fn=torch.nn.ReLU))
    if name == "DQN":
        steps = 6_000
        theirs = other(name, 0, steps, tests=1, **layers, learning_starts=0)
        ours = rl.dqn(
            "CartPole-v1",
            seeds=SEEDS,
            steps=steps,
            warmup=0,
            updates_per_step=theirs[2] / steps,
            tests=0,
            network=partial(rl.q_network, hidden=(64, 64)),
            sync=rl.hard_update(10),
            clip=rl.clip_norm(10.0),
            capacity=6_400,
            loss=rl.huber,
        )
        return steps, theirs, ours
    steps = 25_600
    theirs = other(name, 0, steps, tests=1, **layers)
    ours = dict(seeds=SEEDS, steps=steps, sub_envs=8, tests=0, clip=rl.clip_norm(0.5), gamma=0.98, lam=0.8)
    if name == "PPO":
        return steps, theirs, rl.ppo("CartPole-v1", **ours, horizon=32, epochs=20)
    return steps, theirs, rl.a2c("CartPole-v1", **ours, horizon=5, normalize=rl.unnormalized)


def engine_alone(name):
    """Returns the ratio of wall times per seed for the same work."""
    steps, theirs, (curve, _) = same_work(name)
    ours = curve.seconds[-1] / len(SEEDS)
    print(
        f"Engine alone, {name}: networks 64-64, {steps:,} steps, the same batches and updates, per seed: "
        f"{ours:.2f} s against {theirs[0]:.2f} s"
    )
    return theirs[0] / ours


def cost_of_seeds(steps=6_400):
    """The same short training for more and more seeds; returns the ratio of 16 to 1."""
    print(
        f"\nCost of seeds (DQN, {steps:,} steps each)\n"
        f"{'seeds':>6}{'seconds':>10}{'per seed':>10}{'against one':>13}"
    )
    seconds = {}
    for n in (1, 4, 16, 64):
        parameters = dict(OURS["DQN"][1], seeds=n, steps=steps, tests=0)
        runs = [rl.dqn("CartPole-v1", **parameters)[0] for _ in range(2)]
        seconds[n] = min(curve.seconds[-1] for curve in runs)
        print(f"{n:>6}{seconds[n]:>10.2f}{seconds[n] / n:>10.3f}{seconds[n] / seconds[1]:>13.2f}")
    return seconds[16] / seconds[1]


def anatomy():
    """Where the time of an update goes, 16 seeds."""
    rng = rl.Seeds(16)
    envs = rl.Envs("CartPole-v1", rng, 16)
    online = OURS["DQN"][1]["network"](rng, envs.obs_space, 2)
    frozen = copy.deepcopy(online)
    weights, frozen_weights = rl.weight_matrix(online), rl.weight_matrix(frozen)
    optimizer, memory = torch.optim.Adam([weights], fused=True), rl.Replay(40_000, 0.99)
    for _ in range(100):
        memory.add(envs.step(rl.epsilon_greedy(online(envs.obs).detach(), 1.0, rng)))
    batch = memory.sample(64, rng)

    def target():
        with torch.no_grad():
            return rl.double_q_target(
                batch.reward, batch.discount, frozen(batch.next_obs), online(batch.next_obs)
            )

    def forward():
        return rl.td_errors(batch, online, frozen, rl.double_q_target).square().mean(1)

    def gradient():
        rl.differentiate(forward(), online, weights)

    def act():
        return envs.step(rl.epsilon_greedy(online(envs.obs).detach(), 0.1, rng))

    both, y = clock(forward), clock(target)
    parts = {
        "sample": clock(lambda: memory.sample(64, rng)),
        "target": y,
        "forward and loss": both - y,
        "backward": clock(gradient) - both,
        "Adam": clock(optimizer.step),
        "target update": clock(lambda: frozen_weights.copy_(weights)) / 20,
        "act, step, store (a quarter: 4 updates a step)": clock(lambda: memory.add(act())) / 4,
    }
    print("\nWhere the time of an update of DQN goes (16 seeds, net 32-32, batch 64)")
    for name, us in parts.items():
        print(f"{name:50}{us:>8.0f} µs{us / sum(parts.values()):>7.0%}")
    print(f"{'sum':50}{sum(parts.values()):>8.0f} µs")


def subscribers(steps=500):
    """Visits a second of the vector environment in one process; returns that of 64, in millions."""
    print("\nMovieRec-v0, vector environment, random films\n   subscribers   visits/s")
    rate = {}
    for n in (1, 64, 1_000, 10_000):
        envs = gym.make_vec(movierec.ID, num_envs=n, vectorization_mode="vector_entry_point")
        envs.reset(seed=0)
        action = np.random.default_rng(0).integers(10, size=(steps, n))
        films = iter(action)
        rate[n] = n / clock(lambda envs=envs, films=films: envs.step(next(films)), steps - 1)
        print(f"{n:>14,}{rate[n]:>9.2f} M")
    return rate[64]


def recommender(steps=50_000):
    """DQN and PPO of both libraries on MovieRec-v0; prints exact returns on the held-out users.

    stable-baselines3 trains unchanged: its MultiInputPolicy, its own hyperparameters but for the discount.
    """
    w, users = movierec.world(), dict(users=movierec.TRAIN_USERS)

    def score(policy, n=1):
        return movierec.expected_return(w, policy, movierec.HELD_OUT_USERS, n).mean(1)

    def theirs(agent, seed):
        env = gym.make(movierec.ID, **users)
        model = agent("MultiInputPolicy", env, seed=seed, gamma=0.95, device="cpu").learn(steps)

        def policy(obs):
            film, _ = model.predict(as_dict(obs[0].numpy()), deterministic=True)
            return torch.as_tensor(film)[None]
        return score(policy)[0]

    common = dict(seeds=16, steps=steps, gamma=0.95, reward_scale=0.1, tests=0, **users)
    dqn, q = rl.dqn(
        movierec.ID,
        network=movierec.q_network(w),
        target=rl.double_q_target,
        sub_envs=50,
        sync=rl.soft_update(0.005),
        updates_per_step=0.1,
        capacity=steps,
        warmup=1_000,
        learning_rate=rl.linear(3e-3, 3e-5, steps),
        epsilon=rl.linear(1, 0.05, steps // 3),
        **common,
    )
    ppo, agent = rl.ppo(
        movierec.ID,
        policy=movierec.policy_network(w),
        value=movierec.value_network(w),
        minibatches=4,
        epochs=4,
        learning_rate=rl.linear(3e-3, 0, steps),
        **common,
    )
    print(f"\nMovieRec-v0, 10 films, {steps:,} steps: exact return on the 100 held-out users, seconds a seed")
    ends = {"DQN": (score(rl.greedy(q), 16), dqn), "PPO": (score(rl.deterministic(agent), 16), ppo)}
    for name, (returns, curve) in ends.items():
        print(f"course_rl {name:14}{f'{rl.mean(returns):.1f}':>22}{curve.seconds[-1] / 16:>8.1f} s  16 seeds")
    for agent in (sb3.DQN, sb3.PPO):
        start = time.perf_counter()
        returns = [theirs(agent, seed) for seed in OTHER_SEEDS]
        seconds = (time.perf_counter() - start) / len(returns)
        each = " · ".join(f"{x:.1f}" for x in returns)
        print(f"stable-baselines3 {agent.__name__:6}{each:>22}{seconds:>8.1f} s")
    for name in ("popular", "top_rated", "myopic", "no_third"):
        print(f"{name:24}{score(getattr(movierec, name)(w))[0]:>10.1f}")


if __name__ == "__main__":
    torch.set_num_threads(1)
    whole = {name: whole_run(name) for name in OURS}
    print()
    engine = {name: engine_alone(name) for name in OURS}
    seeds = cost_of_seeds()
    anatomy()
    visits = subscribers()
    recommender()
    rows = [("16 seeds against one, ours", f"{seeds:.1f} ×", "≤ 3 ×", seeds <= 3)]
    rows.append(("MovieRec: visits/s, 64 subscribers", f"{visits:.2f} M", "≥ 0.4 M", visits >= 0.4))
    for name, (ratio, iqm, solved) in whole.items():
        run_goal, engine_goal = GOALS[name]
        rows += [
            (f"{name}: whole run, each as tuned", f"{ratio:.0f} ×", f"≥ {run_goal} ×", ratio >= run_goal),
            (
                f"{name}: engine alone, same work",
                f"{engine[name]:.1f} ×",
                f"≥ {engine_goal} ×",
                engine[name] >= engine_goal,
            ),
            (f"{name}: final IQM, 16 seeds", f"{iqm:.0f}", "≥ 475", iqm >= 475),
            (f"{name}: seeds that end ≥ 475", f"{solved} of 16", "≥ 13", solved >= 13),
        ]
    print("\nRatios (stable-baselines3 / course_rl, wall time per seed)")
    for name, value, goal, reached in rows:
        print(f"{name:34}{value:>12}{goal:>10}   {'reached' if reached else 'NOT REACHED'}")
