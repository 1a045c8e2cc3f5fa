"""Bad input gets one sentence: the argument, its value, and what is allowed."""

import math
from numbers import Integral, Real


def require(ok, name, value, allowed):
    if not ok:
        raise ValueError(f"{name} is {value!r}; it must be {allowed}")


def integer(name, value, low):
    require(isinstance(value, Integral) and not isinstance(value, bool) and value >= low, name, value,
            f"an integer of at least {low}")


def number(name, value, low, high=math.inf):
    """A real number in [low, high], both ends allowed where they are finite."""
    ok = isinstance(value, Real) and not isinstance(value, bool)
    ok = ok and low <= value <= high and math.isfinite(value)
    require(ok, name, value, f"a finite number from {low} to {high}" if high < math.inf else
            f"a finite number of at least {low}")


def finite(objective, rng, t):
    """A loss (S,) that stopped being a number: which seed, and when."""
    bad = ~objective.isfinite()
    if bad.any():
        seed = rng.seeds[int(bad.int().argmax())]
        raise FloatingPointError(f"the loss of seed {seed} is not finite at step {t}; lower learning_rate or "
                                 "reward_scale, or pass clip=clip_norm(10)")


def function(name, value, signature):
    require(callable(value), name, value, f"a function {signature}")
