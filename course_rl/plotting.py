"""One look for all figures: one colour per algorithm, mean and band over seeds, the run stated below."""

import sys

import matplotlib.pyplot as plt
import numpy as np

from course_rl.curves import Curve, interval
from course_rl.guard import function, require

COLORS = {  # Okabe and Ito's palette, told apart by colour-blind readers
    "Q-learning": "#000000", "naive DQN": "#D55E00", "DQN": "#0072B2", "Double DQN": "#009E73",
    "REINFORCE": "#E69F00", "A2C": "#CC79A7", "PPO": "#000000",
    "myopic": "#D55E00", "no third": "#56B4E9", "popular": "#CC79A7", "planner": "#000000",
    "optimum": "#7F7F7F", "random": "#7F7F7F", "training": "#E69F00", "test": "#0072B2",
}


def vector_figures():
    """In a notebook figures become SVG: sharp at any size, and smaller than PNG as servers send them."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is not None:
        from matplotlib_inline.config import InlineBackend  # comes with the notebook's kernel

        InlineBackend.instance(parent=shell).figure_formats = {"svg"}


vector_figures()


def color(label, number=0):
    """The book's colour of an algorithm; the `number`-th of the palette for any other label."""
    cycle = plt.rcParams["axes.prop_cycle"].by_key()["color"]
    return COLORS.get(label, cycle[number % len(cycle)])


def band(ax, x, values, label, number=0, statistic=np.mean):
    """One line over seeds, values (S, K), with its 95 % bootstrap band."""
    x, values = np.asarray(x), np.asarray(values, dtype=float)
    seen = np.isfinite(values).all(0)  # a point counts once every seed has one
    x, values = x[seen], values[:, seen]
    center, low, high = interval(statistic, values)
    line, = ax.plot(x, center, color=color(label, number), label=f"{label} (n = {len(values)})")
    ax.fill_between(x, low, high, color=line.get_color(), alpha=0.2, linewidth=0)


def plot(curves, ax=None, statistic=np.mean):
    """Curves {label: Curve} -> axes: `statistic` over seeds, its 95 % bootstrap band, n in the legend.

    Below the axis stand the number of seeds, the steps, and the wall time of all these runs together.
    """
    fields = Curve._fields  # asked for by name: a second copy of the engine has a `Curve` of its own
    require(isinstance(curves, dict) and curves and all(getattr(c, "_fields", ()) == fields
                                                        for c in curves.values()),
            "curves", curves, "a dict {label: Curve} that is not empty")
    function("statistic", statistic, "(values, axis) -> value")
    ax = ax or plt.gca()
    shown = {label: curve.aligned() for label, curve in curves.items()}
    for number, (label, curve) in enumerate(shown.items()):
        band(ax, curve.step, curve.value, label, number, statistic)
    runs = {float(c.seconds[-1]): c for c in curves.values()}.values()  # a run and its test share their end
    seeds = sorted({len(c.value) for c in runs})
    total = sum(c.seconds[-1] for c in runs)
    steps = max(c.step[-1] for c in shown.values())
    ragged = any(c.step.ndim > 1 for c in runs)
    extent = f"shown up to {steps:,} steps" if ragged else f"{steps:,} steps each"
    run = f"{' / '.join(map(str, seeds))} seeds, {extent}, {total:.1f} s in all"
    ax.set(xlabel=f"environment steps per seed\n{run}", ylabel="episode return")
    ax.legend()
    return ax
