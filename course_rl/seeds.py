"""Randomness: one stream per seed, drawn for all seeds at once."""

import math

import numpy as np
import torch

from course_rl.guard import integer, require

BLOCK = 16_384  # numbers drawn ahead per seed: a draw is then a slice, not S calls


class Seeds:
    """One random stream per seed. Every draw has shape (S, *shape); no seed sees another seed's numbers."""

    def __init__(self, seeds, device="cpu"):
        if isinstance(seeds, int):
            integer("seeds", seeds, 1)
        require(isinstance(seeds, int) or isinstance(seeds, (range, list, tuple)) and len(seeds) > 0,
                "seeds", seeds, "a positive number of seeds, or a list of them that is not empty")
        self.seeds = list(range(seeds) if isinstance(seeds, int) else seeds)
        for seed in self.seeds:
            integer("seeds", seed, 0)
        require(len(set(self.seeds)) == len(self.seeds), "seeds", seeds,
                "all different: a repeated seed is no new run")
        self._start([np.random.default_rng(seed) for seed in self.seeds], device)

    def _start(self, streams, device):
        self.streams, self.device = streams, device
        self._block, self._used = torch.empty(len(streams), 0, device=device), 0

    def __len__(self):
        return len(self.seeds)

    def spawn(self, device="cpu"):
        """The same seeds with new streams, independent of these and of every stream spawned before."""
        child = object.__new__(Seeds)
        child.seeds = self.seeds
        child._start([stream.spawn(1)[0] for stream in self.streams], device)
        return child

    def uniform(self, *shape):
        """Uniform in [0, 1): (S, *shape), float32."""
        n = math.prod(shape)
        if self._used + n > self._block.shape[1]:
            draws = np.stack([stream.random(max(n, BLOCK), dtype=np.float32) for stream in self.streams])
            self._block, self._used = torch.as_tensor(draws, device=self.device), 0
        draw = self._block[:, self._used:self._used + n]
        self._used += n
        return draw.reshape(len(self), *shape)

    def normal(self, *shape):
        """Standard normal: (S, *shape), float32."""
        return torch.special.ndtri(self.uniform(*shape).clamp_(min=2.0**-25))  # 0 would give -inf

    def permutation(self, n):
        """{0, ..., n - 1} in random order, each seed its own: (S, n), int64."""
        return self.uniform(n).argsort(1)

    def integers(self, high, *shape):
        """Uniform in {0, ..., high - 1}: (S, *shape), int64."""
        return (self.uniform(*shape) * high).long().clamp_(max=high - 1)  # float32 may round up to `high`


def as_seeds(seeds, device="cpu"):
    return seeds if isinstance(seeds, Seeds) else Seeds(seeds, device)
