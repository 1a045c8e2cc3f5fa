"""The exact optimum of a small catalogue, exact values of policies, and an upper bound for a large one."""

from typing import NamedTuple

import numpy as np
import torch
from scipy.special import expit

from course_rl.guard import integer, number, require
from course_rl.movierec.env import Subscribers
from course_rl.movierec.policies import outlook, recall
from course_rl.movierec.world import ABANDONED, FADING, FINISHED, GROUP_NAMES, HISTORY, IGNORED, VISITS


def all_histories(n_symbols):
    """Every history of symbols 0 ... n_symbols - 1 (H, 5); its row number has the newest as highest digit."""
    place = n_symbols ** np.arange(HISTORY - 1, -1, -1)
    return np.arange(n_symbols**HISTORY)[:, None] // place % n_symbols


def row_number(history, n_symbols):
    """The row of `all_histories` where a history (..., 5) stands."""
    return history @ n_symbols ** np.arange(HISTORY - 1, -1, -1)


class Visit(NamedTuple):
    """One user's next visit in every history, for every film: all (N, H)."""

    reward: np.ndarray    # expected
    ignored: np.ndarray   # P(stays and the history is the same)
    clicked: np.ndarray   # P(stays and the film is in the history)


def chances(world, click, finish, of_group):
    """Click and finish probability, films of the group after a click -> Visit, elementwise."""
    ignoring, abandoning, finishing = world.leave
    bored = world.boredom[of_group]
    stay = ((1 - finish) * (1 - abandoning - bored).clip(0) + finish * (1 - finishing - bored).clip(0))
    gain = ABANDONED + (FINISHED - ABANDONED) * finish
    return Visit(IGNORED + click * (gain - IGNORED), (1 - click) * (1 - min(ignoring, 1)), click * stay)


def expected_return(world, policy, users, n_seeds=1, gamma=1.0):
    """Exact expected returns (S, U) of a deterministic policy obs (S, U, 13) -> action (S, U).

    The history changes only by a click, and then in one way: after k clicks it is known. So only the number
    of clicks is random, and its distribution is carried forward through the 40 visits. Any catalogue.
    """
    number("gamma", gamma, 0.0, 1.0)
    users = np.asarray(users)
    look, rows = outlook(world), torch.as_tensor(world.user[users]).expand(n_seeds, -1, -1)
    history, visits = torch.zeros(*rows.shape[:2], HISTORY), []
    for _ in range(VISITS):
        obs = torch.cat([rows, history], -1)
        film = policy(obs)[..., None]
        seen = look(obs, film)
        seen = (seen.click, seen.finish, seen.of_group)
        visits.append(chances(world, *(x[..., 0].numpy() for x in seen)))
        history = torch.cat([film + 1.0, history[..., :-1]], -1)

    reward, ignored, clicked = (np.stack(x) for x in zip(*visits, strict=True))  # (40, S, U), after k clicks
    there, total = np.zeros_like(reward), np.zeros(reward.shape[1:])
    there[0] = 1.0
    for t in range(VISITS):
        total += gamma**t * (there * reward).sum(0)
        there, moved = there * ignored, there * clicked
        there[1:] += moved[:-1]
    return total


class Planner:
    """Exact answers for a catalogue so small that all 11^5 histories can be enumerated.

    A policy is a table: the film of every history (H,), or of every visit and history (40, H), or the
    probabilities of the films (N, H). Returns are expected and undiscounted if gamma = 1.
    """

    def __init__(self, world):
        require(world.n_films <= 10, "world", f"a catalogue of {world.n_films} films", "one of 10 films")
        self.world, self.n = world, world.n_films
        self.histories = all_histories(self.n + 1)
        less, of_group, _ = recall(world)(torch.as_tensor(self.histories))
        self.less, self.of_group = less.T.contiguous().numpy(), of_group.T.contiguous().numpy()

    def visit(self, user):
        """-> Visit of this user."""
        integer("user", user, 0)
        click = expit(self.world.click[user][:, None] - self.less)
        return chances(self.world, click, expit(self.world.like[user])[:, None], self.of_group)

    def lookahead(self, visit, value, gamma):
        """Value (H,) of what follows -> q (N, H)."""
        return np.stack([self._lookahead(visit, film, value, gamma) for film in range(self.n)])

    def _lookahead(self, visit, film, value, gamma):
        after = value.reshape(self.n + 1, -1, 1)[film + 1]  # the oldest film of the five is forgotten
        q = (visit.clicked[film].reshape(-1, self.n + 1) * after).ravel()
        q += visit.ignored[film] * value
        q *= gamma
        q += visit.reward[film]
        return q

    def optimum(self, user, gamma=1.0):
        """Backward induction over the 40 visits: the best expected return, and a policy (40, H) with it."""
        number("gamma", gamma, 0.0, 1.0)
        visit, value = self.visit(user), np.zeros(len(self.histories))
        policy = np.zeros((VISITS, len(self.histories)), np.int8)
        for best in reversed(policy):
            later, value = value, np.full_like(value, -np.inf)
            for film in range(self.n):  # one film at a time: what it needs stays in the processor's cache
                q = self._lookahead(visit, film, later, gamma)
                best[q > value] = film
                np.maximum(value, q, out=value)
        return float(value[0]), policy

    def evaluate(self, user, policy, gamma=1.0):
        """Expected return of a policy, from the first visit on."""
        number("gamma", gamma, 0.0, 1.0)
        visit, value, rows = self.visit(user), np.zeros(len(self.histories)), np.arange(len(self.histories))
        for t in reversed(range(VISITS)):
            if policy.dtype.kind == "f":
                value = (policy * self.lookahead(visit, value, gamma)).sum(0)
            else:
                film = policy[t] if policy.ndim == 2 else policy
                value = self._follow(visit, value, gamma, film, rows)
        return float(value[0])

    def _follow(self, visit, value, gamma, film, rows):
        film = film.astype(np.int64)
        after = (film + 1) * (self.n + 1) ** (HISTORY - 1) + rows // (self.n + 1)
        reward, ignored, clicked = (x[film, rows] for x in visit)
        return reward + gamma * (ignored * value + clicked * value[after])

    def q_star(self, user, gamma, tolerance=1e-4):
        """Optimal q (N, H) if visits go on until the user leaves: what bootstrapping at the end aims at."""
        visit, value = self.visit(user), np.zeros(len(self.histories))
        while True:
            q = self.lookahead(visit, value, gamma)
            value, before = q.max(0), value
            if np.abs(value - before).max() * gamma <= tolerance * (1 - gamma):
                return q

    def value_of(self, user, film, gamma, tolerance=1e-4):
        """The same for the policy `film` (H,): its value (H,)."""
        visit, value, rows = self.visit(user), np.zeros(len(self.histories)), np.arange(len(self.histories))
        while True:
            value, before = self._follow(visit, value, gamma, film, rows), value
            if np.abs(value - before).max() * gamma <= tolerance * (1 - gamma):
                return value

    def table(self, policy, user):
        """What a policy obs (S, H, 13) -> action (S, H) does with this user: (S, H)."""
        return policy(self.obs(user)).numpy()

    def obs(self, user, n_seeds=1):
        """Every history as an observation of this user: (n_seeds, H, 13)."""
        one = np.tile(self.world.user[user], (len(self.histories), 1))
        return torch.as_tensor(np.hstack([one, self.histories]).astype(np.float32)).expand(n_seeds, -1, -1)


class GroupPlanner:
    """Large catalogues: without the penalty for repeating a film, only the groups in the history matter.

    A user who may be spared that penalty, and a click that would do harm, is worth no less than the true one:
    backward induction over the 9^5 histories of groups gives an upper bound on the best expected return. The
    same values, and one exact look ahead, give a policy that can be run.
    """

    def __init__(self, world):
        self.world, self.n = world, len(GROUP_NAMES)
        history = all_histories(self.n + 1)
        same = history[:, :, None] == np.arange(1, self.n + 1)  # (H, 5, 8)
        self.less = world.satiation * np.einsum("hkg,k->gh", same, FADING ** np.arange(HISTORY))
        self.of_group = 1 + same[:, :-1].sum(1).T  # (8, H)
        self.look = outlook(world)

    def front(self, user, group):
        """The group's films that no other beats in click and finish probability at once."""
        films = np.flatnonzero(self.world.group == group)
        order = films[np.lexsort((-self.world.like[user, films], -self.world.click[user, films]))]
        best = np.maximum.accumulate(self.world.like[user, order])
        return order[np.r_[True, best[1:] > best[:-1]]] if len(order) else order

    def values(self, user):
        """Upper bound on what the remaining visits bring: (41, H), row t before visit t."""
        w, value = self.world, np.zeros((VISITS + 1, (self.n + 1) ** HISTORY))
        fronts = [self.front(user, g) for g in range(self.n)]
        visits = [[chances(w, expit(w.click[user, film] - self.less[g]), expit(w.like[user, film]),
                           self.of_group[g]) for film in front] for g, front in enumerate(fronts)]
        stay = 1 - min(w.leave[0], 1)
        for t in reversed(range(VISITS)):
            later = value[t + 1]
            best = IGNORED + stay * later
            for g, group in enumerate(visits):
                after = np.repeat(later.reshape(self.n + 1, -1)[g + 1], self.n + 1)
                for visit in group:
                    best = np.maximum(best, visit.reward + visit.ignored * later + visit.clicked * after)
            value[t] = best
        return value

    def play(self, user, episodes, seed=0):
        """Returns (episodes,) of the policy that looks one visit ahead with these values."""
        value, rng = self.values(user), np.random.default_rng(seed)
        s = Subscribers(self.world, np.array([user]), (), None)
        s.begin(np.full(episodes, user))
        group_of = 1 + self.world.group_of
        total, here = np.zeros(episodes), np.ones(episodes, bool)
        for t in range(VISITS):
            seen = self.look(torch.as_tensor(s.obs())[None])
            click, finish, of_group = (x[0].numpy() for x in (seen.click, seen.finish, seen.of_group))
            row = row_number(group_of[s.history], self.n + 1)
            after = (self.world.group + 1) * (self.n + 1) ** (HISTORY - 1) + row[:, None] // (self.n + 1)
            visit = chances(self.world, click, finish, of_group)
            later = value[t + 1]
            q = visit.reward + visit.ignored * later[row][:, None] + visit.clicked * later[after]
            reward, terminated, _ = s.visit(q.argmax(1), rng.random((episodes, 4)))
            total += reward * here
            here &= ~terminated
        return total
