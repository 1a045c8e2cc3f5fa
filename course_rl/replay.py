"""Experience replay: one ring buffer per seed, n-step returns made when sampling."""

from typing import NamedTuple

import torch

from course_rl.guard import integer, number, require
from course_rl.schedules import linear, schedule


class Batch(NamedTuple):
    obs: torch.Tensor       # (S, B, *obs_shape)
    action: torch.Tensor    # (S, B)
    reward: torch.Tensor    # (S, B), the discounted sum of up to n rewards
    next_obs: torch.Tensor  # (S, B, *obs_shape), where these n steps stopped
    discount: torch.Tensor  # (S, B), gamma^k after k steps, 0 after termination
    weight: torch.Tensor    # (S, B), how much each transition counts in the loss
    index: torch.Tensor     # (S, B), where it lies in the buffer


class Replay:
    """The newest `capacity` transitions of each seed, sampled uniformly. `len` is one seed's.

    Sources: Lin (1992) for replay, Mnih et al. (2013) for uniform sampling.
    """

    def __init__(self, capacity, gamma, n_step=1):
        integer("capacity", capacity, 1)
        number("gamma", gamma, 0.0, 1.0)
        integer("n_step", n_step, 1)
        self.capacity, self.gamma, self.n_step = capacity, gamma, n_step
        self.added, self.slots = 0, None

    def __len__(self):
        return min(self.added, self.capacity)

    def add(self, step):
        """Store the E newest transitions of every seed over the E oldest."""
        self.sub_envs = step.reward.shape[1]
        if self.slots is None:  # shapes are known with the first transition
            require(self.capacity % self.sub_envs == 0, "capacity", self.capacity,
                    f"a multiple of sub_envs = {self.sub_envs}")
            self.slots = type(step)(*(x.new_empty(len(x), self.capacity, *x.shape[2:]) for x in step))
            self._flat = type(step)(*(slot.flatten(0, 1) for slot in self.slots))  # views
            self._first = torch.arange(len(step.reward), device=step.reward.device)[:, None] * self.capacity
        place = self.added % self.capacity
        for slot, x in zip(self.slots, step, strict=True):
            slot[:, place:place + self.sub_envs] = x
        self.added += self.sub_envs

    def draw(self, batch_size, rng):
        """Which transitions: index (S, B), each seed its own, and their weight (S, B)."""
        index = rng.integers(len(self), batch_size)
        return index, torch.ones(index.shape, device=index.device)

    def sample(self, batch_size, rng):
        """A minibatch of `batch_size` transitions for every seed."""
        require(self.added > 0, "the replay memory", "empty", "filled with `add` before `sample`")
        integer("batch_size", batch_size, 1)
        index, weight = self.draw(batch_size, rng)

        def take(field, index):
            rows = (self._first + index).flatten()
            return getattr(self._flat, field).index_select(0, rows).unflatten(0, index.shape)

        last, reward = index, take("reward", index)
        discount = torch.full_like(reward, self.gamma)
        newest = (self.added - 1) % self.capacity // self.sub_envs
        for _ in range(self.n_step - 1):  # walk on inside the episode, as far as it is stored
            go = ~take("ended", last) & (last // self.sub_envs != newest)
            last = torch.where(go, (last + self.sub_envs) % self.capacity, last)
            reward = reward + go * discount * take("reward", last)
            discount = torch.where(go, discount * self.gamma, discount)
        discount = discount * ~take("terminated", last)
        return Batch(take("obs", index), take("action", index), reward, take("next_obs", last), discount,
                     weight, index)

    def update(self, index, td_error):
        """Told the TD errors (S, B) of what it gave; uniform replay does not care."""


class PrioritizedReplay(Replay):
    """A transition is drawn with probability P ~ (|TD error| + floor)^alpha, and weighs (1 / P)^beta.

    The weights of a seed are divided by the largest that any of its transitions would get, so none exceeds 1.
    What is new has the highest priority so far. `beta` is a number or a function of the transitions added;
    at 1 the expected gradient is that of uniform replay, up to a factor. Source: Schaul et al. (2016).
    """

    def __init__(self, capacity, gamma, n_step=1, alpha=0.6, beta=linear(0.4, 1.0, 40_000), floor=1e-6):
        super().__init__(capacity, gamma, n_step)
        number("alpha", alpha, 0.0)
        number("floor", floor, 0.0)
        require(floor > 0, "floor", floor, "positive: what cannot be drawn is never corrected")
        self.alpha, self.beta, self.floor = alpha, schedule("beta", beta, 0.0, 1.0), floor

    def add(self, step):
        place = self.added % self.capacity
        super().add(step)
        if self.added == self.sub_envs:  # the first
            self.priority = step.reward.new_zeros(len(step.reward), self.capacity)
            self.highest = step.reward.new_ones(len(step.reward), 1)
        self.priority[:, place:place + self.sub_envs] = self.highest

    def draw(self, batch_size, rng):
        priority = self.priority[:, :len(self)]
        cumulative = priority.cumsum(1, dtype=torch.float64)  # one pass for the batch: no tree of sums needed
        u = rng.uniform(batch_size) * cumulative[:, -1:]
        index = torch.searchsorted(cumulative, u, right=True)
        ratio = priority.amin(1, keepdim=True) / priority.gather(1, index)
        return index, ratio ** self.beta(self.added)

    def update(self, index, td_error):
        priority = (td_error.abs() + self.floor) ** self.alpha
        self.priority.scatter_(1, index, priority)
        self.highest = torch.maximum(self.highest, priority.amax(1, keepdim=True))
