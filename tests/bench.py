"""make bench: `course_rl.dqn` beside stable-baselines3's DQN on CartPole-v1, one process, one thread.

stable-baselines3 runs with rl-zoo's tuned hyperparameters. Both are tested greedily over the same fresh
stable-baselines3 runs with the tuned hyperparameters of rl-zoo. Both are tested greedily over the same fresh
"""

import os

os.environ.update(OMP_NUM_THREADS="1", TQDM_DISABLE="1")  # before torch is imported

import copy
import time
from functools import partial

import numpy as np
import stable_baselines3 as sb3
import torch
from stable_baselines3.common.callbacks import BaseCallback

import course_rl as rl

SCALE = [2.4, 2.0, 0.2, 2.0]
OURS = dict(
    network=partial(rl.q_network, hidden=(32, 32), scale=SCALE),
    target=rl.double_q_target,
    reward_scale=0.05,
    learning_rate=rl.linear(5e-3, 1e-4, 40_000),
    steps=40_000,
)
ZOO = dict(
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
)
SEEDS, OTHER_SEEDS, EPISODES, TESTS = range(200, 216), (0, 1, 2), 20, 20


def greedy_mean(policy, seeds, round):
    """Mean greedy return (S,) over fresh episodes; the same for both libraries in each round."""
    return rl.evaluate(
        policy, "CartPole-v1", range(10_000 * (round + 1), 10_000 * (round + 1) + seeds), EPISODES
    ).mean(1)


class Tests(BaseCallback):
    """Greedy tests of stable-baselines3's agent during its training, off the clock."""

    def __init__(self, every):
        super().__init__()
        self.every, self.means, self.seconds = every, [], []
        self.start, self.paused = time.perf_counter(), 0.0

    def policy(self, obs):
        return torch.as_tensor(self.model.predict(obs[0].numpy(), deterministic=True)[0])[None]

    def _on_step(self):
        if self.num_timesteps % self.every == 0:
            self.test()
        return True

    def test(self):
        now = time.perf_counter() - self.start - self.paused
        self.means.append(greedy_mean(self.policy, 1, len(self.means))[0])
        self.seconds.append(now)
        self.paused = time.perf_counter() - self.start - now


def other(seed, steps, layers, **changed):
    """stable-baselines3's run: seconds, updates, test means, their times."""
    model = sb3.DQN(
        "MlpPolicy",
        "CartPole-v1",
        policy_kwargs=dict(net_arch=layers),
        seed=seed,
        device="cpu",
        **{**ZOO, **changed},
    )
    tests = Tests(steps // TESTS)
    model.learn(steps, callback=tests)
    seconds = time.perf_counter() - tests.start - tests.paused
    return seconds, model._n_updates, np.array(tests.means), np.array(tests.seconds)


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


def whole_run():
    """Both as tuned by their makers; prints the table, returns the ratio of wall times per seed."""
    means = []
    curve, network = rl.dqn(
        "CartPole-v1",
        seeds=SEEDS,
        tests=TESTS,
        test_episodes=1,
        **OURS,
        probe=lambda n: means.append(greedy_mean(rl.greedy(n), len(SEEDS), len(means))) or means[-1],
    )
    final = greedy_mean(rl.greedy(network), len(SEEDS), TESTS)
    n, seconds = len(SEEDS), curve.seconds[-1]
    updates = round((OURS["steps"] - 500) * 0.25)
    reached = [first(curve.test.seconds, row) for row in np.stack(means, 1)]
    theirs = [other(seed, 50_000, [256, 256]) for seed in OTHER_SEEDS]
    wall, n_updates = np.mean([t[0] for t in theirs]), theirs[0][1]
    ends = np.array([t[2][-1] for t in theirs])
    print("\nWhole run, each as its makers tuned it (CartPole-v1, per seed unless stated)")
    print(f"{'':34}{'course_rl.dqn':>18}{'stable-baselines3':>20}")
    rows = [
        ("seeds", f"{n} together", f"{len(theirs)}, one by one"),
        ("seconds of the whole run", f"{seconds / n:.2f}", f"{wall:.1f}"),
        ("seconds, all seeds together", f"{seconds:.1f}", f"{wall * len(theirs):.1f}"),
        (
            "seconds to first greedy mean ≥ 475",
            f"{np.nanmedian(reached) / n:.2f} (median)",
            " · ".join("never" if np.isnan(x) else f"{x:.0f}" for x in (first(t[3], t[2]) for t in theirs)),
        ),
        (
            "seeds that ever got there",
            f"{np.isfinite(reached).sum()} of {n}",
            f"{sum(np.isfinite(first(t[3], t[2])) for t in theirs)} of {len(theirs)}",
        ),
        ("final greedy IQM over seeds", f"{rl.iqm(final):.0f}", f"mean {ends.mean():.0f}"),
        ("worst seed", f"{final.min():.0f}", f"{ends.min():.0f}"),
        ("seeds that end ≥ 475", f"{(final >= 475).sum()} of {n}", f"{(ends >= 475).sum()} of {len(ends)}"),
        ("environment steps/s, all seeds", f"{n * OURS['steps'] / seconds:,.0f}", f"{50_000 / wall:,.0f}"),
        ("updates/s, all seeds", f"{n * updates / seconds:,.0f}", f"{n_updates / wall:,.0f}"),
    ]
    for name, ours, other_ in rows:
        print(f"{name:34}{ours:>18}{other_:>20}")
    return wall / (seconds / n), rl.iqm(final).value, int((final >= 475).sum())


def engine_alone(steps=6_000):
    """The same network 64-64, batch 64, steps, updates and target interval: returns the ratio per seed."""
    theirs = other(0, steps, [64, 64], learning_starts=0)
    updates = theirs[1]
    curve, _ = rl.dqn(
        "CartPole-v1",
        seeds=SEEDS,
        steps=steps,
        warmup=0,
        updates_per_step=updates / steps,
        tests=0,
        network=partial(rl.q_network, hidden=(64, 64)),
        sync=rl.hard_update(10),
        clip=rl.clip_norm(10.0),
        capacity=6_400,
        loss=rl.huber,
    )
    ours = curve.seconds[-1] / len(SEEDS)
    print(
        f"\nEngine alone: net 64-64, batch 64, {steps:,} steps, {updates:,} updates, per seed: "
        f"{ours:.2f} s against {theirs[0]:.2f} s"
    )
    return theirs[0] / ours


def cost_of_seeds(steps=6_400):
    """The same short training for more and more seeds; returns the ratio of 16 to 1."""
    print(
        f"\nCost of seeds ({steps:,} steps each)\n"
        f"{'seeds':>6}{'seconds':>10}{'per seed':>10}{'against one':>13}"
    )
    seconds = {}
    for n in (1, 4, 16, 64):
        runs = [rl.dqn("CartPole-v1", seeds=n, tests=0, **{**OURS, "steps": steps})[0] for _ in range(2)]
        seconds[n] = min(curve.seconds[-1] for curve in runs)
        print(f"{n:>6}{seconds[n]:>10.2f}{seconds[n] / n:>10.3f}{seconds[n] / seconds[1]:>13.2f}")
    return seconds[16] / seconds[1]


def anatomy():
    """Where the time of an update goes, 16 seeds."""
    rng = rl.Seeds(16)
    envs = rl.Envs("CartPole-v1", rng, 16)
    online = OURS["network"](rng, envs.obs_space, 2)
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
    print("\nWhere the time of an update goes (16 seeds, net 32-32, batch 64)")
    for name, us in parts.items():
        print(f"{name:50}{us:>8.0f} µs{us / sum(parts.values()):>7.0%}")
    print(f"{'sum':50}{sum(parts.values()):>8.0f} µs")


if __name__ == "__main__":
    torch.set_num_threads(1)
    whole, iqm, solved = whole_run()
    engine, seeds = engine_alone(), cost_of_seeds()
    anatomy()
    print("\nRatios (stable-baselines3 / course_rl, wall time per seed)")
    for name, value, goal, reached in (
        ("whole run, each as tuned", f"{whole:.0f} ×", "≥ 50 ×", whole >= 50),
        ("engine alone, same work", f"{engine:.1f} ×", "≥ 8 ×", engine >= 8),
        ("16 seeds against one, ours", f"{seeds:.1f} ×", "≤ 3 ×", seeds <= 3),
        ("final greedy IQM, 16 seeds", f"{iqm:.0f}", "≥ 475", iqm >= 475),
        ("seeds that end ≥ 475", f"{solved} of 16", "≥ 13", solved >= 13),
    ):
        print(f"{name:30}{value:>12}{goal:>10}   {'reached' if reached else 'NOT REACHED'}")
