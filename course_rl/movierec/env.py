"""MovieRec: an episode is a subscriber, a step a visit with one recommendation."""

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space
from scipy.special import expit

from course_rl.guard import integer, require
from course_rl.movierec.world import (
    ABANDONED,
    FADING,
    FINISHED,
    GROUP_NAMES,
    HISTORY,
    IGNORED,
    VISITS,
    world,
)

WEIGHT = FADING ** np.arange(HISTORY)
BLOCK = 1024  # numbers drawn ahead per stream


class Subscribers:
    """n subscribers and their visits, as arrays; whoever calls brings the random numbers."""

    def __init__(self, world, users, hidden, action_space):
        self.world, self.users, self.hidden, self.action_space = world, users, hidden, action_space
        self._group_of = world.group_of
        self._direction = (world.film - world.film.mean(0)) / world.film.std(0)

    def begin(self, user):
        """New subscribers: user (n,)."""
        self.user = user
        self.history = np.zeros((len(user), HISTORY), np.int64)
        self.age = np.zeros(len(user), np.int64)
        self.film, self.outcome = np.zeros(len(user), np.int64), np.full(len(user), -1)

    def draw_user(self, uniform):
        """uniform (n,) in [0, 1) -> user (n,)."""
        return self.users[np.minimum((uniform * len(self.users)).astype(np.int64), len(self.users) - 1)]

    def obs(self):
        """(n, 13): what is known of the user, then the history, newest first; what is hidden reads 0."""
        user = self.world.user[self.user] * ("user" not in self.hidden)
        return np.hstack([user, self.history * ("history" not in self.hidden)]).astype(np.float32)

    def choose(self, action):
        """action (n,), or a taste (n, 8): the film (n,) that lies farthest in this direction."""
        return action if action.ndim == 1 else (action @ self._direction.T).argmax(1)

    def visit(self, action, uniform):
        """action (n, ...), uniform (n, 4) -> reward, terminated, truncated (n,). Nobody new comes."""
        film = self.choose(action)
        w, (to_click, to_finish, to_leave, _) = self.world, uniform.T
        key = self.user, film
        same = self._group_of[self.history] == w.group[film][:, None]
        logit = w.click[key] - w.satiation * (same @ WEIGHT)
        logit -= w.repetition * (self.history == film[:, None] + 1).any(1)
        clicked = to_click < expit(logit)
        finished = clicked & (to_finish < expit(w.like[key]))
        self.film = film
        self.outcome = clicked + finished.astype(np.int64)  # 0 ignored, 1 abandoned, 2 finished
        reward = np.array([IGNORED, ABANDONED, FINISHED])[self.outcome]

        newer = np.column_stack([film + 1, self.history[:, :-1]])
        self.history = np.where(clicked[:, None], newer, self.history)
        repeated = 1 + same[:, :-1].sum(1)  # films of its group in the history, if it was clicked
        leave = w.leave[self.outcome] + clicked * w.boredom[repeated]
        self.age = self.age + 1
        terminated = to_leave < leave
        return reward, terminated, (self.age == VISITS) & ~terminated

    def replace(self, ended, user):
        """Where an episode ended, the subscriber `user` (n,) comes."""
        self.user = np.where(ended, user, self.user)
        self.history[ended], self.age[ended] = 0, 0


def subscribers(catalogue, users, hidden, continuous, knobs):
    """Checked arguments of an environment -> Subscribers."""
    w = world(catalogue, **knobs)
    users = np.arange(len(w.user)) if users is None else np.asarray(users)
    require(users.ndim == 1 and len(users) > 0 and users.dtype.kind in "iu" and users.min() >= 0
            and users.max() < len(w.user), "users", users, f"some of the users 0 to {len(w.user) - 1}")
    hidden = (hidden,) if isinstance(hidden, str) else tuple(hidden)
    require(set(hidden) <= {"user", "history"}, "hidden", hidden, "a part of ('user', 'history')")
    taste = gym.spaces.Box(-1.0, 1.0, (w.film.shape[1],), np.float32)
    return Subscribers(w, users, hidden, taste if continuous else gym.spaces.Discrete(w.n_films))


def observation_space(w):
    """Of one subscriber."""
    return gym.spaces.Dict(user=gym.spaces.Box(-5.0, 5.0, (w.user.shape[1],), np.float32),
                           history=gym.spaces.MultiDiscrete([w.n_films + 1] * HISTORY))


def check_action(space, action):
    if not space.contains(action):  # the sentence is written only then: it costs more than a visit
        require(False, "action", action, f"one of {space}")


def as_dict(obs):
    """(..., 13) -> the observation as Gymnasium's Dict has it."""
    return {"user": obs[..., :-HISTORY], "history": obs[..., -HISTORY:].astype(np.int64)}


class MovieRec(gym.Env):
    """One subscriber at a time. Observed: `user` (8,), and `history` (5,), films counted from 1, 0 is none.

    catalogue: 10 (chosen), or the most-rated 11 ... 9000 films; users: who may come, all 671 if None;
    boredom, leaving, satiation, repetition: factors on the assumptions, 0 turns one off; hidden: of "user"
    and "history" those that read 0. The action is a film from 0, or if `continuous` a taste (8,): then the
    film is recommended whose fitted factors, standardised over the catalogue, have the largest product with
    it. Bad input raises ValueError.
    """

    metadata = {"render_modes": ["ansi"], "render_fps": 1}

    def __init__(self, catalogue=10, users=None, hidden=(), continuous=False, render_mode=None, **knobs):
        self.subscribers = subscribers(catalogue, users, hidden, continuous, knobs)
        self.render_mode = render_mode
        self.observation_space = observation_space(self.subscribers.world)
        self.action_space = self.subscribers.action_space

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        if seed is not None or not hasattr(self, "_draws"):
            self._draws, self._uniform = Draws([self.np_random]), None
        if self._uniform is None:
            self._uniform = self._draws(4)
        self.subscribers.begin(self.subscribers.draw_user(self._uniform[:, 3]))
        self._uniform = None
        return as_dict(self.subscribers.obs()[0]), self._info()

    def step(self, action):
        check_action(self.action_space, action)
        self._uniform = self._draws(4)  # the fourth number decides who comes next
        reward, terminated, truncated = self.subscribers.visit(np.array([action]), self._uniform)
        obs = as_dict(self.subscribers.obs()[0])
        return obs, float(reward[0]), bool(terminated[0]), bool(truncated[0]), self._info()

    def _info(self):
        return {"user_id": int(self.subscribers.user[0]), "outcome": int(self.subscribers.outcome[0])}

    def render(self):
        return told(self.subscribers, 0)


def told(s, k):
    """The last visit of subscriber k in one line."""
    w, film = s.world, s.film[k]
    if s.age[k] == 0:
        return f"user {s.user[k]} arrives"
    verb = ["ignored", "clicked and abandoned", "watched to the end"][s.outcome[k]]
    return f"visit {s.age[k]:2} of user {s.user[k]}: {w.title[film]}, {GROUP_NAMES[w.group[film]]}: {verb}"


class Draws:
    """Uniform numbers from one stream per subscriber, drawn in blocks: (n, k) a call, k always the same."""

    def __init__(self, streams):
        self.streams, self.block, self.used = streams, np.empty((len(streams), 0)), 0

    def __call__(self, k):
        if self.used + k > self.block.shape[1]:
            self.block, self.used = np.stack([stream.random(BLOCK) for stream in self.streams]), 0
        self.used += k
        return self.block[:, self.used - k:self.used]


class MovieRecVector(gym.vector.VectorEnv):
    """n subscribers together; the next comes in the step in which one ends. Arguments as in `MovieRec`.

    Subscriber k of `reset(seed=s)` makes the visits that `MovieRec` makes after `reset(seed=s + k)`.
    """

    metadata = {"render_modes": ["ansi"], "render_fps": 1, "autoreset_mode": AutoresetMode.SAME_STEP}

    def __init__(self, num_envs=1, catalogue=10, users=None, hidden=(), continuous=False, render_mode=None,
                 **knobs):
        integer("num_envs", num_envs, 1)
        self.num_envs, self.render_mode = num_envs, render_mode
        self.subscribers = subscribers(catalogue, users, hidden, continuous, knobs)
        self.single_observation_space = observation_space(self.subscribers.world)
        self.single_action_space = self.subscribers.action_space
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)

    def reset(self, *, seed=None, options=None):
        if seed is not None or not hasattr(self, "_draws"):
            if seed is None:
                seed = int(self.np_random.integers(2**31))
            seeds = range(seed, seed + self.num_envs) if isinstance(seed, int) else seed
            require(len(seeds) == self.num_envs, "seed", seed, f"a number, or {self.num_envs} of them")
            self._draws = Draws([gym.utils.seeding.np_random(s)[0] for s in seeds])
        self.subscribers.begin(self.subscribers.draw_user(self._draws(4)[:, 3]))
        return as_dict(self.subscribers.obs()), {"user_id": self.subscribers.user.copy()}

    def step(self, action):
        action = np.asarray(action)
        check_action(self.action_space, action)
        s, uniform = self.subscribers, self._draws(4)
        reward, terminated, truncated = s.visit(action, uniform)
        info, ended = {"outcome": s.outcome}, terminated | truncated
        obs = s.obs()
        if ended.any():
            info["final_obs"], info["_final_obs"] = np.full(self.num_envs, None), ended
            for k in np.flatnonzero(ended):
                info["final_obs"][k] = as_dict(obs[k])
            s.replace(ended, s.draw_user(uniform[:, 3]))
            obs = s.obs()
        info["user_id"] = s.user.copy()
        return as_dict(obs), reward, terminated, truncated, info

    def render(self):
        return tuple(told(self.subscribers, k) for k in range(self.num_envs))


class MovieRecs:
    """The same for `Envs`, see `course_rl.vector`. At a reset each user comes once before one comes again."""

    def __init__(self, make, n_seeds, sub_envs):
        one = make().unwrapped.subscribers
        self.sub_envs = sub_envs
        self.subscribers = Subscribers(one.world, one.users, one.hidden, one.action_space)

    def reset(self, rng):
        self.rng, users = rng, self.subscribers.users
        rounds = -(-self.sub_envs // len(users))
        order = np.concatenate([rng.permutation(len(users)).numpy() for _ in range(rounds)], 1)
        self.subscribers.begin(users[order[:, :self.sub_envs].reshape(-1)])
        return self.subscribers.obs()

    def step(self, action):
        s, uniform = self.subscribers, self.rng.uniform(self.sub_envs, 4).numpy().reshape(-1, 4)
        reward, terminated, truncated = s.visit(action, uniform)
        obs = final_obs = s.obs()
        ended = terminated | truncated
        if ended.any():
            s.replace(ended, s.draw_user(uniform[:, 3]))
            obs = s.obs()
        return obs, reward, terminated, truncated, final_obs
