"""Policies that know the world, what a learner has to beat: obs (S, B, 13) -> action (S, B)."""

from typing import NamedTuple

import torch

from course_rl.movierec.world import ABANDONED, FADING, FINISHED, HISTORY, IGNORED, STRETCH, click_logit


class Outlook(NamedTuple):
    """What a visit would bring, for every film: all (S, B, N)."""

    rating: torch.Tensor    # predicted, 0.5 ... 5
    click: torch.Tensor     # P(click)
    finish: torch.Tensor    # P(finish | click)
    repeated: torch.Tensor  # bool, is in the history
    of_group: torch.Tensor  # how many of its group the history would hold after a click, 1 ... 5
    reward: torch.Tensor    # expected


def split(obs):
    """obs (S, B, 13) -> user (S, B, 8), history (S, B, 5) of film numbers from 1, 0 for none."""
    return obs[..., :-HISTORY], obs[..., -HISTORY:].long()


def recall(world):
    """What a history does to the films: history (..., 5) -> less, of_group, repeated, each (..., N).

    `less` is taken off the click logit; the others are explained at `Outlook`. If films (..., C) are given,
    it is told of these only.
    """
    group, group_of = torch.as_tensor(world.group), torch.as_tensor(world.group_of)
    films, weight = torch.arange(world.n_films), FADING ** torch.arange(HISTORY)

    def look(history, film=films):
        same = group_of[history][..., None] == group[film][..., None, :]  # (..., 5, N)
        repeated = (history[..., None] == film[..., None, :] + 1).any(-2)
        less = world.satiation * (same * weight[:, None]).sum(-2) + world.repetition * repeated
        return less, 1 + same[..., :-1, :].sum(-2), repeated
    return look


def outlook(world):
    """The true model of the next visit: obs (S, B, 13) -> Outlook of all films, or of film (S, B, C)."""
    factors, bias, popularity = (torch.as_tensor(x) for x in (world.film, world.bias, world.popularity))
    (constant, slope), look = world.like_weights, recall(world)
    films = torch.arange(world.n_films)

    def visit(obs, film=films):
        user, history = split(obs)
        less, of_group, repeated = look(history, film)
        taste = user @ factors.T if film is films else (user[..., None, :] * factors[film]).sum(-1)
        rating = (world.mean + bias[film] + STRETCH * taste).clamp(0.5, 5)
        like = constant + slope * rating
        click = (click_logit(popularity[film], like) - less).sigmoid()
        finish = like.sigmoid()
        gain = ABANDONED + (FINISHED - ABANDONED) * finish
        return Outlook(rating, click, finish, repeated, of_group, IGNORED + click * (gain - IGNORED))
    return visit


def _best(score):
    """A policy that recommends the film with the highest score; score: obs -> (S, B, N)."""
    return lambda obs: score(obs).argmax(-1)


def uniform(world, rng):
    """Any film, each equally likely."""
    return lambda obs: rng.integers(world.n_films, obs.shape[1])


def popular(world):
    """The most-rated film that is not in the history, whoever comes."""
    look = outlook(world)
    return _best(lambda obs: torch.as_tensor(world.popularity) - 1e6 * look(obs).repeated)


def top_rated(world):
    """The film with the highest predicted rating for this user that is not in the history."""
    def score(obs):
        seen = look(obs)
        return seen.rating - 1e6 * seen.repeated
    look = outlook(world)
    return _best(score)


def myopic(world):
    """The highest expected reward of this visit: all of the model is known, the future does not count."""
    look = outlook(world)
    return _best(lambda obs: look(obs).reward)


def no_third(world):
    """Myopic, by a rule of thumb: no third film of one group among five."""
    def score(obs):
        seen = look(obs)
        return seen.reward - 1e6 * (seen.of_group >= 3)
    look = outlook(world)
    return _best(score)
