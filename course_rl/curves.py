"""Learning curves over seeds: recorded in training, summed up with a bootstrap interval."""

import time
from typing import NamedTuple

import numpy as np
import torch
from scipy import stats

from course_rl.envs import evaluate
from course_rl.guard import function, integer, require

POINTS = 50  # bins of a training curve


class Curve(NamedTuple):
    """What S seeds measured over training. K points."""

    step: np.ndarray            # (K,) environment steps per seed; (S, K) where the seeds' differ
    value: np.ndarray           # (S, K), nan until a seed's first episode ended
    seconds: np.ndarray         # (K,) wall time of the training of all seeds together, tests not counted
    test: "Curve | None" = None       # mean return of the greedy policy, from episodes of its own
    probe: "np.ndarray | None" = None  # (S, K of the test, ...), what `probe(network)` gave at each test

    def aligned(self):
        """The same with one step axis (K,), as far as all seeds got, interpolated between their points."""
        if self.step.ndim == 1:
            return self
        first, last = self.step[:, 0].max(), self.step[:, -1].min()
        step = np.linspace(first, last, self.step.shape[1]).round().astype(int)
        value = [np.interp(step, *row) for row in zip(self.step, self.value, strict=True)]
        seconds = np.interp(step, self.step.mean(0), self.seconds)
        return Curve(step, np.stack(value), seconds, self.test and self.test.aligned(), self.probe)


class Recorder:
    """Called once per `turn` steps; tests the policy without exploration now and then, off the clock."""

    def __init__(self, envs, turn, steps, tests, episodes, probe, env_kwargs):
        integer("tests", tests, 0)
        integer("test_episodes", episodes, 1)
        if probe is not None:
            function("probe", probe, "network -> tensor (S, ...)")
        self.envs, self.episodes, self.probe, self.env_kwargs = envs, episodes, probe, env_kwargs
        turns = steps // turn  # a test falls on the end of one of these
        self.due = [turns * (k + 1) // tests * turn for k in range(tests)]
        self.steps, self.seconds, self.tests, self.probes = [], [], [], []
        self.paused, self.start = 0.0, time.perf_counter()

    def __call__(self, step, policy, network):
        self.steps.append(step)
        self.seconds.append(time.perf_counter() - self.start - self.paused)
        if self.due and step >= self.due[0]:
            self.due.pop(0)
            rng = self.envs.rng.spawn(self.envs.rng.device)
            returns = evaluate(policy, self.envs.name, rng, self.episodes, **self.env_kwargs)
            self.tests.append((step, returns.mean(1), self.seconds[-1]))
            if self.probe is not None:
                self.probes.append(torch.as_tensor(self.probe(network)).numpy(force=True).copy())
            self.paused = time.perf_counter() - self.start - self.seconds[-1]

    def curve(self):
        """Training returns averaged in bins; a bin in which no episode ended repeats the one before."""
        bins = np.array_split(np.stack(self.envs.returns, 1), min(POINTS, len(self.seconds)), axis=1)
        count = np.stack([np.isfinite(b).sum((1, 2)) for b in bins], 1)
        value = np.stack([np.nansum(b, (1, 2)) for b in bins], 1) / np.where(count, count, np.nan)
        for k in range(1, len(bins)):
            value[:, k] = np.where(count[:, k], value[:, k], value[:, k - 1])
        step = np.cumsum([b.shape[1] for b in bins]) * self.envs.sub_envs
        return Curve(step, value, np.interp(step, self.steps, self.seconds), *self._tested())

    def _tested(self):
        test = None
        if self.tests:
            step, returns, seconds = zip(*self.tests, strict=True)
            test = Curve(np.array(step), np.stack(returns, 1), np.array(seconds))
        return test, np.stack(self.probes, 1) if self.probes else None

    def episodes_curve(self, steps, returns):
        """Where a turn is a batch of whole episodes: steps taken and their mean return at each turn, (S,)."""
        steps, (test, probe) = np.cumsum(np.stack(steps, 1), 1), self._tested()
        if test:
            test = test._replace(step=steps[:, test.step - 1])
        return Curve(steps, np.stack(returns, 1), np.array(self.seconds), test, probe)


class Estimate(NamedTuple):
    """A statistic over n seeds with its 95 % bootstrap interval; prints as `482.1 [470.3, 491.0]`."""

    value: float
    low: float
    high: float
    n: int

    def __format__(self, spec):
        spec = spec or ".3g"
        return f"{self.value:{spec}} [{self.low:{spec}}, {self.high:{spec}}]"

    def __str__(self):
        return format(self)

    def __mul__(self, factor):
        """In other units: 100 times a fraction is a percentage."""
        low, high = sorted((factor * self.low, factor * self.high))
        return Estimate(factor * self.value, low, high, self.n)

    __rmul__ = __mul__


def trimmed(x, axis):
    """The interquartile mean: the mean of the middle half (Agarwal et al., 2021)."""
    return stats.trim_mean(x, 0.25, axis=axis)


def interval(statistic, *samples):
    """Statistic along axis 0 of each sample, low and high ends of its 95 % percentile bootstrap interval."""
    value = statistic(*samples, axis=0)
    if all((x == x[:1]).all() for x in samples):  # nothing to resample: the interval is the value
        return value, value, value
    ends = stats.bootstrap(samples, statistic, n_resamples=2000, method="percentile", rng=0, vectorized=True)
    return value, ends.confidence_interval.low, ends.confidence_interval.high


def _estimate(statistic, *samples):
    samples = [np.asarray(x, dtype=float) for x in samples]
    for x in samples:
        require(x.ndim == 1 and len(x) > 1 and np.isfinite(x).all(), "values", x,
                "one finite number per seed, for at least two seeds")
    return Estimate(*(float(x) for x in interval(statistic, *samples)), n=min(len(x) for x in samples))


def mean(values):
    """Mean over seeds: values (S,) -> Estimate."""
    return _estimate(np.mean, values)


def iqm(values):
    """Interquartile mean over seeds: values (S,) -> Estimate."""
    return _estimate(trimmed, values)


def difference(a, b):
    """mean(a) - mean(b) over independent seeds: a (S,), b (S',) -> Estimate."""
    return _estimate(lambda x, y, axis: x.mean(axis) - y.mean(axis), a, b)


def claim(sentence, truth, evidence=""):
    """State what the run just showed; if it did not, stop the build."""
    assert truth, f"claim does not hold: {sentence} ({evidence})"
    print(f"✓ claim: {sentence}" + (f" — {evidence}" if evidence != "" else ""))
