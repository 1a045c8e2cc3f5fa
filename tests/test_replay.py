"""The replay memory against a list of transitions."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import course_rl as rl

SEEDS = 2


def step(t, sub_envs, terminated, ended):
    """Transition t of every environment: all its numbers tell where it comes from."""
    where = torch.arange(SEEDS)[:, None] * 1000.0 + torch.arange(sub_envs) * 100.0 + t
    return rl.Step(where[..., None], where.long() % 7, where, where[..., None] + 0.5, terminated, ended)


def slow_n_step(lives, t, n, gamma, oldest):
    """Walk through one environment's list of (step number, reward, next_obs, terminated, ended)."""
    reward, discount, next_obs = 0.0, 1.0, None
    for number, r, following, terminated, ended in lives[t : t + n]:
        assert number >= oldest
        reward, discount, next_obs = reward + discount * r, discount * gamma, following
        if ended:
            return reward, 0.0 if terminated else discount, next_obs
    return reward, discount, next_obs


class Everything:
    """Stands in for the random numbers: every stored transition once."""

    def __init__(self, size):
        self.size = size

    def integers(self, high, *shape):
        assert high == self.size
        return torch.arange(high).expand(SEEDS, high)


@settings(max_examples=60, deadline=None)
@given(
    data=st.data(),
    sub_envs=st.integers(1, 3),
    slots=st.integers(1, 6),
    steps=st.integers(1, 14),
    n=st.integers(1, 4),
)
def test_against_a_list(data, sub_envs, slots, steps, n):
    memory, lives = rl.Replay(slots * sub_envs, 0.9, n), {}
    fate = st.lists(
        st.sampled_from(["goes on", "terminated", "truncated"]),
        min_size=SEEDS * sub_envs,
        max_size=SEEDS * sub_envs,
    )
    for t in range(steps):
        fates = data.draw(fate)
        terminated = torch.tensor([f == "terminated" for f in fates]).view(SEEDS, sub_envs)
        ended = torch.tensor([f != "goes on" for f in fates]).view(SEEDS, sub_envs)
        x = step(t, sub_envs, terminated, ended)
        memory.add(x)
        for s in range(SEEDS):
            for e in range(sub_envs):
                lives.setdefault((s, e), []).append(
                    (
                        t,
                        float(x.reward[s, e]),
                        float(x.next_obs[s, e, 0]),
                        bool(terminated[s, e]),
                        bool(ended[s, e]),
                    )
                )
    size, oldest = min(steps, slots) * sub_envs, max(0, steps - slots)
    assert len(memory) == size
    batch = memory.sample(size, Everything(size))
    seen = set()
    for s in range(SEEDS):
        for b in range(size):
            where = int(batch.obs[s, b, 0])
            t, e = where % 100, where % 1000 // 100
            assert where // 1000 == s and t >= oldest  # the seed's own, and not overwritten
            reward, discount, next_obs = slow_n_step(lives[s, e], t, n, 0.9, oldest)
            assert batch.reward[s, b].item() == pytest.approx(reward, rel=1e-5)
            assert batch.discount[s, b].item() == pytest.approx(discount, rel=1e-5)
            assert batch.next_obs[s, b, 0].item() == next_obs
            assert batch.action[s, b] == where % 7
            seen.add((s, t, e))
    assert len(seen) == SEEDS * size  # every stored transition can be drawn


def filled(**kwargs):
    memory = rl.Replay(100, 0.9, **kwargs)
    never = torch.zeros(SEEDS, 1, dtype=torch.bool)
    for t in range(100):
        memory.add(step(t, 1, never, never))
    return memory


def test_terminated_stops_bootstrapping_and_truncated_does_not():
    for terminated in (True, False):
        memory = rl.Replay(1, 0.9)
        memory.add(step(0, 1, torch.full((SEEDS, 1), terminated), torch.ones(SEEDS, 1, dtype=torch.bool)))
        assert torch.allclose(
            memory.sample(3, rl.Seeds(SEEDS)).discount, torch.full((SEEDS, 3), 0.0 if terminated else 0.9)
        )


def test_each_seed_draws_its_own_indices():
    index = filled().sample(64, rl.Seeds(SEEDS)).index
    assert (index[0] == index[1]).float().mean() < 0.2


def test_draws_are_uniform():
    index = filled().sample(100_000, rl.Seeds(SEEDS)).index
    counts = torch.stack([torch.bincount(row, minlength=100) for row in index]).double()
    chi_square = ((counts - 1000) ** 2 / 1000).sum(1)
    assert (chi_square < 165).all()  # 99 degrees of freedom: 1 in 30,000


def test_uniform_weights_are_one_and_update_changes_nothing():
    memory = filled()
    batch = memory.sample(8, rl.Seeds(SEEDS))
    memory.update(batch.index, torch.ones(SEEDS, 8))
    assert torch.equal(batch.weight, torch.ones(SEEDS, 8))


def test_a_batch_is_a_copy():
    memory = filled()
    batch = memory.sample(100, rl.Seeds(SEEDS))
    before = batch.obs.clone()
    never = torch.zeros(SEEDS, 1, dtype=torch.bool)
    for t in range(100, 200):
        memory.add(step(t, 1, never, never))
    assert torch.equal(batch.obs, before)


def prioritized(errors, **kwargs):
    """One transition for each TD error of `errors` (S, N), told to the memory."""
    memory = rl.PrioritizedReplay(errors.shape[1], 0.9, **kwargs)
    never = torch.zeros(SEEDS, 1, dtype=torch.bool)
    for t in range(errors.shape[1]):
        memory.add(step(t, 1, never, never))
    memory.update(torch.arange(errors.shape[1]).expand(SEEDS, -1), errors)
    return memory


ERRORS = torch.tensor([[0.1, -0.2, 0.4, 0.0, 1.5], [-3.0, 0.1, 0.1, 0.2, 0.7]])


@pytest.mark.parametrize("alpha", [0.0, 0.6, 1.0])
def test_draws_follow_the_priorities(alpha):
    memory = prioritized(ERRORS, alpha=alpha, floor=0.01)
    index = memory.sample(100_000, rl.Seeds(SEEDS)).index
    counts = torch.stack([torch.bincount(row, minlength=5) for row in index]).double()
    p = (ERRORS.abs().double() + 0.01) ** alpha
    expected = 100_000 * p / p.sum(1, keepdim=True)
    chi_square = ((counts - expected) ** 2 / expected).sum(1)
    assert (chi_square < 27).all()  # 4 degrees of freedom: 1 in 50,000
    assert (index[0] == index[1]).float().mean() < 0.5  # and each seed draws its own


@settings(max_examples=60, deadline=None)
@given(data=st.data(), sub_envs=st.integers(1, 3), slots=st.integers(1, 5), rounds=st.integers(1, 9))
def test_priorities_against_a_slow_version(data, sub_envs, slots, rounds):
    """Adding, drawing and updating in turns, beside lists of priorities."""
    capacity, beta = slots * sub_envs, data.draw(st.sampled_from([0.0, 0.5, 1.0]))
    memory = rl.PrioritizedReplay(capacity, 0.9, alpha=0.7, beta=beta, floor=0.01)
    rng, never = rl.Seeds(SEEDS), torch.zeros(SEEDS, sub_envs, dtype=torch.bool)
    slow, highest = [{} for _ in range(SEEDS)], [1.0] * SEEDS
    for t in range(rounds):
        memory.add(step(t, sub_envs, never, never))
        for s in range(SEEDS):
            slow[s].update({(t % slots) * sub_envs + e: highest[s] for e in range(sub_envs)})
        batch = memory.sample(4, rng)
        number = st.floats(-2, 2, width=32)
        told = [[data.draw(number) for _ in range(4)] for _ in range(SEEDS)]
        for s in range(SEEDS):
            total, told_of = sum(slow[s].values()), {}
            for b, i in enumerate(batch.index[s].tolist()):
                p = [slow[s][j] / total for j in sorted(slow[s])]
                weight = [(1 / (len(p) * x)) ** beta for x in p]
                assert batch.weight[s, b].item() == pytest.approx(weight[i] / max(weight), rel=1e-4)
                told[s][b] = told_of.setdefault(i, told[s][b])  # one transition has one error
            for i, error in told_of.items():
                slow[s][i] = (abs(error) + 0.01) ** 0.7
                highest[s] = max(highest[s], slow[s][i])
        memory.update(batch.index, torch.tensor(told))
        for s in range(SEEDS):
            stored = memory.priority[s, : len(memory)].tolist()
            assert stored == pytest.approx([slow[s][j] for j in sorted(slow[s])], rel=1e-4)


def test_with_full_weights_the_expected_gradient_is_that_of_uniform_replay():
    """Mean of weight times anything is, at beta = 1, a fixed multiple of its plain mean over the memory."""
    memory = prioritized(ERRORS, beta=1.0, alpha=1.0, floor=0.1)
    batch, x = memory.sample(200_000, rl.Seeds(SEEDS)), torch.tensor([5.0, -1.0, 2.0, 0.5, 3.0])
    weighted = (batch.weight * x[batch.index]).mean(1) / batch.weight.mean(1)
    assert torch.allclose(weighted, x.mean(), atol=0.05)
    assert (x[batch.index].mean(1) - x.mean()).abs().min() > 0.2  # without weights it is another one


def test_beta_is_read_at_the_number_of_transitions_added():
    memory = prioritized(ERRORS, beta=rl.linear(0.0, 1.0, 10))
    full = prioritized(ERRORS, beta=0.5)
    a, b = (m.sample(50, rl.Seeds(SEEDS)) for m in (memory, full))
    assert torch.equal(a.weight, b.weight)


def test_a_zero_error_is_still_drawn_and_the_last_number_stays_inside():
    memory = prioritized(torch.zeros(SEEDS, 7))
    rng = rl.Seeds(SEEDS)
    rng.uniform = lambda *shape: torch.full((SEEDS, *shape), 1 - 2**-24)
    assert (memory.sample(3, rng).index == 6).all()
