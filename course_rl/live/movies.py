"""The recommender in the page: the reader, a trained DQN and the exact optimum serve the same subscriber."""

import numpy as np

from course_rl import movierec
from course_rl.envs import greedy
from course_rl.guard import number, require
from course_rl.live.frame import Live, encode, weights
from course_rl.movierec.world import ABANDONED, FADING, FINISHED, IGNORED, VISITS, world


def movies(net, *, reward_scale=0.1, gamma=0.95, users=movierec.HELD_OUT_USERS[:8]):
    """The first seed of a trained `FilmScores` (hidden layers of 32) for the ten films, as a game.

    reward_scale and gamma: of its training; users: the subscribers to choose from, of whom only the predicted
    ratings, click and liking logits are handed on.
    """
    require(isinstance(net, movierec.FilmScores) and net.read.bias.shape[-1] == 32, "net", type(net).__name__,
            "a FilmScores with hidden layers of 32")
    number("gamma", gamma, 0.0, 1.0)
    number("reward_scale", reward_scale, 0.0)
    require(reward_scale > 0, "reward_scale", reward_scale, "positive")
    w, users = world(10), np.asarray(users)
    groups, group = np.unique(w.group, return_inverse=True)
    expected = movierec.expected_return(w, greedy(net), users, len(net.read.bias))[0]
    data = dict(
        world=dict(group=group.tolist(), popularity=w.popularity.tolist(), satiation=w.satiation,
                   repetition=w.repetition, fading=FADING, leave=w.leave.tolist(),
                   boredom=w.boredom.tolist(), visits=VISITS,
                   reward=[IGNORED, ABANDONED, FINISHED]),
        users=[dict(id=int(user), dqn=float(value), rating=w.rating[user].tolist(),
                    click=w.click[user].tolist(), like=w.like[user].tolist())
               for user, value in zip(users, expected, strict=True)],
        short=[title.split(" (")[0].split(": ")[0] for title in w.title],
        groups=[movierec.GROUP_NAMES[k] for k in groups],
        weights=encode(weights(net)[0]), rewardScale=reward_scale, gamma=gamma)
    return Live("movies", data, "Live agent: a recommender, DQN and the optimum. It plays in a browser.")
