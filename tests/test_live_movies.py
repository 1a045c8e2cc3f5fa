"""The recommender in the page, in a real Chromium: its numbers are those of course_rl.movierec."""

import json

import numpy as np
import pytest
import torch
from pages import DESKTOP, PHONE

import course_rl as rl
from course_rl import movierec
from course_rl.movierec.env import Subscribers

W = movierec.world(10)
USERS = movierec.HELD_OUT_USERS[:8]
PURE = "outlook, visit, arrival, relation, filmScores, optimal, decode, movieWords: WORDS"
AGENT = "document.querySelector('.rl-live').agent"


@pytest.fixture(scope="module")
def planner():
    """The exact planner of the book."""
    return movierec.Planner(W)


@pytest.fixture(scope="module")
def net():
    """Untrained, of two seeds; its scores are as large as trained ones, so the tolerance has a meaning."""
    net = movierec.FilmScores(rl.Seeds(2), W)
    net.score.weight.data *= 30
    return net


@pytest.fixture(scope="module")
def tab(browser, net, tmp_path_factory):
    """A page with the agent, its functions within reach, and the list of what went wrong on it."""
    file, agent = tmp_path_factory.mktemp("movies") / "page.html", rl.live.movies(net)._repr_html_()
    at = agent.rindex("</script>")
    file.write_text(f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Films</title>'
                    f'<meta name="viewport" content="width=device-width">'
                    f"{agent[:at]}\nObject.assign(window, {{ {PURE} }});{agent[at:]}", encoding="utf8")
    context = browser.new_context(viewport=DESKTOP)
    context.set_offline(True)
    tab, wrong = context.new_page(), []
    tab.on("console", lambda message: wrong.append(message.text))
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    tab.on("request", lambda request: wrong.append(request.url) if request.url != file.as_uri() else None)
    tab.goto(file.as_uri())
    tab.wait_for_function(f"Boolean({AGENT})")
    tab.evaluate("window.data = JSON.parse(document.querySelector('.rl-live script').textContent)")
    tab.evaluate(f"{AGENT}.planned")
    yield tab, wrong
    context.close()


@pytest.fixture
def page(tab):
    """The page, without errors and requests after the test; the first user's optimum is known."""
    yield tab[0]
    assert tab[1] == []


def histories(n, seed=0):
    """Histories that clicks can leave, (n, 5): empty places only at the end."""
    rng = np.random.default_rng(seed)
    films = rng.integers(1, 11, (n, 5))
    return np.where(np.arange(5) < rng.integers(0, 6, (n, 1)), films, 0)


def observations(users, some):
    """Every user with every history: (U * B, 13)."""
    taste = torch.as_tensor(W.user[users]).repeat_interleave(len(some), 0)
    return torch.cat([taste, torch.as_tensor(some, dtype=torch.float32).repeat(len(users), 1)], -1)


def test_visits_are_those_of_the_environment(page):
    """Every step, on the same films and random numbers: outcome, reward, end, history."""
    sessions, rng = 20, np.random.default_rng(1)
    n = sessions * len(USERS)
    films, uniform = rng.integers(10, size=(n, 40)), rng.random((n, 40, 4))
    uniform[::2, :, 2] = 1 - uniform[::2, :, 2] / 50  # every second one stays long, so that visits run out
    ours = page.evaluate("""([sessions, films, uniform]) => films.map((films, k) => {
      const user = data.users[Math.floor(k / sessions)], seen = outlook(data.world, user), steps = [];
      for (let s = arrival(); !s.terminated && !s.truncated;) {
        s = visit(data.world, user, seen, s, films[s.visits], uniform[k][s.visits]);
        steps.push([s.outcome, s.reward, s.terminated, s.truncated, s.history]);
      }
      return steps;
    })""", [sessions, films.tolist(), uniform[..., :3].tolist()])

    theirs, s = [[] for _ in range(n)], Subscribers(W, USERS, (), None)
    s.begin(np.repeat(USERS, sessions))
    here = np.ones(n, bool)
    for t in range(40):
        reward, terminated, truncated = s.visit(films[:, t], uniform[:, t])
        for k in np.flatnonzero(here):
            theirs[k].append([int(s.outcome[k]), float(reward[k]), bool(terminated[k]), bool(truncated[k]),
                              s.history[k].tolist()])
        here &= ~(terminated | truncated)
    assert ours == theirs
    ends = [session[-1] for session in theirs]
    outcomes = {step[0] for session in theirs for step in session}
    assert min(sum(end[2] for end in ends), sum(end[3] for end in ends)) > 10 and outcomes == {0, 1, 2}
    print(f"{sum(map(len, theirs))} visits of {len(USERS)} users are equal")


def test_probabilities(page, planner):
    """P(click), P(leave) and the three numbers of the planner, of every film after 200 histories."""
    some = histories(200)
    ours = np.array(page.evaluate("""(histories) => data.users.map((user) => {
      const seen = outlook(data.world, user);
      return histories.map((history) => data.world.group.map((_, film) => {
        const place = film * 64 + relation(data.world, history, film);
        return ["click", "reward", "ignored", "clicked", "leave"].map((name) => seen[name][place]);
      }));
    })""", some.tolist()))  # (U, 500, 10, 5)
    rows, look = some @ 11 ** np.arange(4, -1, -1), movierec.outlook(W)
    for user, mine in zip(USERS, ours, strict=True):
        click = look(observations([user], some)[None]).click[0].numpy()
        visit = [x[:, rows].T for x in planner.visit(int(user))]
        leave = 1 - visit[1] - visit[2]
        error = np.abs(mine - np.stack([click, *visit, leave], -1)).max((0, 1))
        names = ("click", "reward", "ignored", "clicked", "leave")
        print(f"user {user}: off by", *(f"{name} {e:.0e}" for name, e in zip(names, error, strict=True)))
        assert (error[[0, 2, 3, 4]] < 1e-6).all() and error[1] < 1e-5  # rewards are up to 10


def test_network(page, net):
    """The scores are torch's within 2e-6 of their size, and so are the films with the highest."""
    some = histories(200, seed=2)
    ours = np.array(page.evaluate("""(histories) => {
      const weights = decode(data.weights);
      return data.users.map((user) =>
        histories.map((history) => filmScores(data.world, weights, user, history)));
    }""", some.tolist()))
    with torch.no_grad():
        theirs = net(observations(USERS, some).expand(2, -1, -1))[0].unflatten(0, (len(USERS), -1)).numpy()
    error, size = np.abs(ours - theirs).max(), np.abs(theirs).max()
    print(f"scores up to {size:.1f} are off by {error:.1e}")
    assert 5 < size and error < 2e-6 * size
    clear = np.diff(np.sort(theirs)[..., -2:])[..., 0] > 1e-3
    assert clear.mean() > 0.5 and (ours.argmax(-1) == theirs.argmax(-1))[clear].all()


def test_optimum(page, planner):
    """Backward induction in the page against the planner, for two users: values of all visits, and films."""
    rows = np.arange(0, 11**5, 97)
    some = planner.histories[rows].tolist()
    for place in (1, 6):
        took = page.evaluate(f"""async () => {{ const start = performance.now(); {AGENT}.come({place});
          await {AGENT}.planned; return performance.now() - start; }}""")
        visit, value, errors = planner.visit(int(USERS[place])), np.zeros(11**5), []
        chosen = page.evaluate(f"""(histories) => [0, 20, 39].map((t) => histories.map((history) =>
          optimal(data.world, {AGENT}.seen, {AGENT}.values, t, history)))""", some)
        films = dict(zip((0, 20, 39), np.array(chosen), strict=True))
        for t in reversed(range(40)):
            q = planner.lookahead(visit, value, 1.0)
            value = q.max(0)
            if t in films:
                mine = page.evaluate(f"(rows) => rows.map((row) => {AGENT}.values[{t}][row])", rows.tolist())
                errors += [np.abs(np.array(mine) - value[rows]).max(), np.abs(films[t] - q[:, rows].T).max()]
                best = np.sort(q[:, rows], 0)
                clear = best[-1] - best[-2] > 1e-3
                assert clear.mean() > 0.5
                assert (films[t].argmax(1) == q[:, rows].argmax(0))[clear].all()
        print(f"user {USERS[place]}: up to {value.max():.0f}, off by {max(errors):.1e}, in {took:.0f} ms")
        assert max(errors) < 1e-3
    page.evaluate(f"{AGENT}.come(0); {AGENT}.planned")


def test_three_serve_the_same_subscriber(page, net, planner):
    """DQN and the optimum make the reader's visits with the reader's random numbers, to their own ends."""
    rng = np.random.default_rng(3)
    policy = planner.optimum(int(USERS[0]))[1]
    for _ in range(5):
        uniform, films = rng.random((40, 4)), rng.integers(10, size=40)
        page.evaluate(f"([uniform, films]) => {{ {AGENT}.begin(uniform); films.forEach({AGENT}.serve); }}",
                      [uniform[:, :3].tolist(), films.tolist()])
        ours = page.evaluate(f"{AGENT}.paths.map((path) => path.slice(1).map((s) => [s.film, s.total]))")

        def dqn(s, t):
            return rl.greedy(net)(torch.as_tensor(s.obs()).expand(2, -1, -1))[0].numpy()

        def best(s, t):
            return policy[t, s.history @ 11 ** np.arange(4, -1, -1)].astype(int)

        for mine, choose in zip(ours, (lambda s, t, films=films: films[t:t + 1], dqn, best), strict=True):
            s, total = Subscribers(W, USERS, (), None), 0.0
            s.begin(USERS[:1])
            for t in range(40):
                film = choose(s, t)
                reward, terminated, _ = s.visit(film, uniform[t:t + 1])
                total += reward[0]
                assert mine[t] == [film[0], pytest.approx(total)]
                if terminated[0]:
                    break
            assert len(mine) == t + 1


def test_keys_buttons_and_words(page):
    """Numbers serve films, buttons those of DQN and the optimum; a visit is one sentence in each language."""
    stays = [[0.0, 0.0, 0.99]] * 40
    page.evaluate(f"{AGENT}.begin({json.dumps(stays)})")
    said, stage = page.get_by_role("status"), page.locator(".mv-films")
    stage.focus()
    page.keyboard.press("4")
    assert said.inner_text() == "Visit 1: Star Wars, watched to the end, +10. The subscriber stays."
    page.keyboard.press("0")
    page.get_by_role("button", name="Lord of the Rings").press("Enter")
    assert page.evaluate(f"{AGENT}.paths[0].at(-1).history") == [6, 10, 4, 0, 0]
    assert "2 of the last five" in page.get_by_role("group", name="SciFi/Fantasy").inner_text()
    q = page.evaluate(f"[1, 2].map((who) => {AGENT}.q[who]({AGENT}.paths[0].at(-1)))")
    page.get_by_label("Bars of the films").select_option("1")
    for values, chosen in zip(q, ("✓ DQN", "✓ optimum"), strict=True):
        film = page.locator(".mv-films button", has_text=chosen)
        assert str(W.title[np.argmax(values)]).startswith(film.locator("[lang=en]").inner_text())
    page.get_by_role("button", name="Serve DQN’s film").click()
    assert page.evaluate(f"{AGENT}.paths[0].at(-1).film") == np.argmax(q[0])

    for language, words in {"zh": "第 4 次访问", "ru": "Визит 4", "en": "Visit 4"}.items():
        page.evaluate(f"""localStorage.setItem("sphinx-design-tab-id-lang", "{language}");
          document.dispatchEvent(new CustomEvent("course-language"))""")
        assert said.inner_text().startswith(words)
        assert "NaN" not in page.locator(".rl-live").inner_text()
    page.evaluate(f"{AGENT}.begin({json.dumps([[0.999, 0.0, 0.0]] * 40)})")
    stage.focus()
    page.keyboard.press("1")
    assert said.inner_text().endswith("(terminated). Return: you −0.1, DQN −0.1, optimum −0.1.")
    page.keyboard.press("1")  # nobody is there any more
    assert page.evaluate(f"{AGENT}.paths[0].length") == 2
    page.get_by_role("button", name="Same luck again").click()
    assert page.evaluate(f"{AGENT}.paths[0].length") == 1


def test_every_message_is_in_three_languages(page):
    """Chinese and Russian words are not English ones left over, and ask for the same numbers."""
    words = page.evaluate("movieWords")
    for name, (en, *others) in words.items():
        for other in others:
            fields = [sorted(part.split("}")[0] for part in text.split("{")[1:]) for text in (en, other)]
            assert fields[0] == fields[1] and (other != en or name in ("dqn", "told", "list")), name


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_fits_and_can_be_touched(page, size):
    """Nothing is wider than the screen, in any language; what is pressed is at least 24 pixels in size."""
    page.set_viewport_size(size)
    for language in ("en", "zh", "ru"):
        page.evaluate(f"localStorage.setItem('sphinx-design-tab-id-lang', '{language}'); {AGENT}.show()")
        for bars in "012":
            page.locator(".rl-live select").nth(1).select_option(bars)
            assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
            wide = page.evaluate("""[...document.querySelectorAll(".rl-live :is(button, select, p, td)")]
              .filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => e.textContent)""")
            assert wide == []
    small = page.evaluate("""[...document.querySelectorAll(".rl-live :is(button, select)")].filter((e) => {
      const box = e.getBoundingClientRect(); return Math.min(box.width, box.height) < 24; }).length""")
    assert small == 0
