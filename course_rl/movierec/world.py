"""Films, users and what a user does with a recommendation: fitted tastes, assumed boredom and leaving."""

import functools
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np

from course_rl.guard import integer, number, require

FACTORS = Path(__file__).with_name("factors.npz")
GROUPS = {  # a film belongs to the first that has one of its genres, else to the last
    "Animation/Family": ["Animation", "Children"],
    "Horror": ["Horror"],
    "SciFi/Fantasy": ["Sci-Fi", "Fantasy"],
    "Romance": ["Romance"],
    "Crime/Thriller": ["Crime", "Thriller", "Mystery", "Film-Noir"],
    "Action/War": ["Action", "Adventure", "War", "Western"],
    "Comedy": ["Comedy", "Musical"],
    "Drama": ["Drama", "Documentary"],
}
GROUP_NAMES = list(GROUPS)
HISTORY, VISITS = 5, 40  # clicked films that are remembered; visits after which an episode is truncated
IGNORED, ABANDONED, FINISHED = -0.1, 1.0, 10.0  # rewards
FADING = 0.8  # of a film in the history, for each place further back
STRETCH = 1.7  # on the fitted tastes: the mean of a posterior is nearer to 0 than the tastes themselves
TEN = [1, 595, 34, 260, 780, 4993, 296, 592, 608, 344]  # the small catalogue, by MovieLens' numbers
SPLIT = np.random.default_rng(0).permutation(671)
TRAIN_USERS, HELD_OUT_USERS = SPLIT[:571], SPLIT[571:]


class World(NamedTuple):
    """What the simulator knows. U = 671 users, N films; film 0 is the first, its symbol in a history is 1."""

    title: np.ndarray       # (N,) str, with the year
    group: np.ndarray       # (N,) 0 ... 7, number of the genre group
    popularity: np.ndarray  # (N,) log number of ratings, standardised over the catalogue
    rating: np.ndarray      # (U, N) predicted rating, 0.5 ... 5
    like: np.ndarray        # (U, N) logit of P(finish | click), which is P(rating >= 4)
    click: np.ndarray       # (U, N) logit of P(click) with an empty history
    user: np.ndarray        # (U, 8) p
    film: np.ndarray        # (N, 8) q
    bias: np.ndarray        # (N,) b
    mean: float             # of all ratings
    like_weights: np.ndarray  # (2,) constant and slope of `like` in `rating`
    satiation: float        # off the click logit, for each film of the same group in the history, fading
    repetition: float       # off the click logit, for the same film in the history
    leave: np.ndarray       # (3,) P(leave | ignored, abandoned, finished) before boredom
    boredom: np.ndarray     # (6,) added to these after a click, by the films of its group in the new history

    @property
    def n_films(self):
        return len(self.group)

    @property
    def group_of(self):
        """(N + 1,) group of a symbol of the history; -1 for the empty place, symbol 0."""
        return np.r_[-1, self.group]


def click_logit(popularity, like):
    """Of P(click) with an empty history: assumed. Arrays or tensors, elementwise."""
    return -3.0 + 0.6 * popularity + 1.8 * like


@functools.cache
def _factors():
    with np.load(FACTORS) as data:
        return dict(data)


@functools.cache
def _titles():
    """`Fellowship of the Ring, The (a.k.a. Ring One)` of 2001 is `The Fellowship of the Ring (2001)`."""
    data = _factors()
    names = data["title"].tobytes().decode().split("\n")
    names = [re.sub(r"^(.+), (The|A|An)$", r"\2 \1", name.split(" (")[0]) for name in names]
    return [f"{name} ({year})" for name, year in zip(names, data["year"], strict=True)]


@functools.cache
def facts():
    """What the fit measured on held-out ratings, by name."""
    data = _factors()
    return dict(zip(data["fact"].tolist(), data["value"].tolist(), strict=True))


@functools.cache
def world(catalogue=10, boredom=1.0, leaving=1.0, satiation=1.0, repetition=1.0):
    """The world with its assumptions scaled: each knob multiplies its part, 0 turns it off."""
    integer("catalogue", catalogue, 10)
    require(catalogue <= 9000, "catalogue", catalogue, "at most 9000")
    number("boredom", boredom, 0.0)
    number("leaving", leaving, 0.0)
    number("satiation", satiation, 0.0)
    number("repetition", repetition, 0.0)
    d = _factors()
    row_of = {number: row for row, number in enumerate(d["film_id"].tolist())}
    rows = (np.array([row_of[number] for number in TEN]) if catalogue == 10
            else np.argsort(-d["ratings"].astype(int), kind="stable")[:catalogue])
    titles = _titles()
    popularity = np.log(d["ratings"][rows])
    popularity = (popularity - popularity.mean()) / popularity.std()
    taste = d["user"] @ d["film"][rows].T
    rating = (d["mean"] + d["bias"][rows] + STRETCH * taste).clip(0.5, 5)
    like = d["like"][0] + d["like"][1] * rating
    return World(
        title=np.array([titles[row] for row in rows]), group=d["group"][rows].astype(int),
        popularity=popularity.astype(np.float32), rating=rating.astype(np.float32),
        like=like.astype(np.float32), click=click_logit(popularity, like).astype(np.float32),
        user=d["user"], film=d["film"][rows], bias=d["bias"][rows], mean=float(d["mean"]),
        like_weights=d["like"],
        satiation=0.2 * satiation, repetition=2.5 * repetition,
        leave=leaving * np.array([0.09, 0.10, 0.0]),
        boredom=boredom * np.array([0.0, 0.0, 0.02, 0.25, 0.50, 0.70]))
