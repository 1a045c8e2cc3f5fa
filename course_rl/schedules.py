"""Schedules: functions of the environment step (of one seed)."""

import math

from course_rl.guard import number


def linear(start, end, duration):
    """t -> from `start` to `end` in `duration` steps, then `end`."""
    number("duration", duration, 1)
    return lambda t: start + (end - start) * min(t / duration, 1.0)


def exponential(start, end, duration):
    """t -> end + (start - end) exp(-t / duration)."""
    number("duration", duration, 1)
    return lambda t: end + (start - end) * math.exp(-t / duration)


def schedule(name, value, low, high=math.inf):
    """A number or a function of the step, as a function whose every value is checked."""
    def checked(t):
        x = value(t) if callable(value) else value
        number(name, x, low, high)
        return x
    checked(0)
    return checked
