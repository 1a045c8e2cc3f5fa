"""The agents of the page, in a real Chromium: the same numbers as course_rl, and what a reader meets."""

import json
import re
from functools import partial

import gymnasium as gym
import numpy as np
import pytest
import torch

import course_rl as rl

LANGUAGE = "sphinx-design-tab-id-lang"
SCALE = [2.4, 2.0, 0.2, 2.0]
GAMMA = 0.95
LAKE = dict(env_id="FrozenLake-v1", is_slippery=True)
CHINESE, RUSSIAN = re.compile(r"[\u4e00-\u9fff]"), re.compile(r"[а-яё]", re.I)


@pytest.fixture(scope="module")
def pole():
    """(curve, network) of a short training: 3 seeds, 4 moments, the first before the first update."""
    network = partial(rl.q_network, hidden=(32, 32), scale=SCALE)
    return rl.dqn("CartPole-v1", seeds=3, steps=800, warmup=200, tests=4, test_episodes=1,
                  network=network, reward_scale=0.05, probe=rl.live.weights)


@pytest.fixture(scope="module")
def tables():
    """The curve of a short training on the lake: 2 seeds, 8 moments."""
    return rl.q_learning(**LAKE, seeds=[7, 8], steps=2_000, sub_envs=4, gamma=GAMMA, tests=8, test_episodes=5,
                         probe=lambda values: values(torch.arange(16)[None]))[0]


@pytest.fixture(scope="module")
def page(tmp_path_factory, pole, tables):
    """A page with two carts and a lake."""
    cart = rl.live.cart_pole(*pole, reward_scale=0.05, play=True)._repr_html_()
    lake = rl.live.grid(tables, **LAKE, gamma=GAMMA, seeds=[7, 8])._repr_html_()
    path = tmp_path_factory.mktemp("live") / "page.html"
    path.write_text('<!doctype html><html lang="en"><meta charset="utf8"><title>Agents</title>'
                    '<meta name="viewport" content="width=device-width">'
                    "<script>let DOCUMENTATION_OPTIONS = {}</script>"
                    f"<body>{cart}{lake}{cart}</body></html>", encoding="utf8")
    return path


@pytest.fixture
def tab(context, page):
    """The page, opened; nothing may go wrong in it."""
    tab, wrong = context.new_page(), []
    tab.on("console", lambda message: wrong.append(message.text))
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    tab.on("request", lambda request: wrong.append(request.url) if request.url.startswith("http") else None)
    tab.goto(page.as_uri())
    yield tab
    assert not wrong


def agent(tab, name, script, value=None):
    """Evaluate a function (agent, value) on the first agent of this name."""
    return tab.evaluate(f"([name, value]) => ({script})(document.querySelector"
                        "(`.rl-live[data-agent=${name}]`).agent, value)", [name, value])


def pause(tab):
    """Stop what plays by itself."""
    agent(tab, "cart_pole", "agent => agent.time.pause()")


# ---- the same numbers as course_rl ----

def test_the_cart_moves_as_in_gymnasium(tab, record_property):
    rng, env = np.random.default_rng(0), gym.make("CartPole-v1").unwrapped
    starts, states, actions, after, ended = [], [], [], [], []
    while len(states) < 600:
        env.reset(seed=len(states))
        env.state = rng.uniform([-1.5, -1, -0.15, -1], [1.5, 1, 0.15, 1])
        over, starts = False, [*starts, len(states)]
        while not over:
            action = int(rng.random() < 0.5)
            states.append([float(x) for x in env.state])
            actions.append(action)
            over = env.step(action)[2]
            after.append([float(x) for x in env.state])
            ended.append(bool(over))
    fed = agent(tab, "cart_pole", """(agent, [states, actions]) =>
        states.map((state, i) => agent.physics(state, actions[i]))""", [states, actions])
    fed_error = np.abs(np.array([step["state"] for step in fed]) - after).max()
    assert [step["terminated"] for step in fed] == ended
    free = agent(tab, "cart_pole", """(agent, [states, actions, starts]) => actions.map((action, i) =>
        agent.free = agent.physics(starts.includes(i) ? states[i] : agent.free.state, action))""",
                 [states, actions, starts])
    free_error = np.abs(np.array([step["state"] for step in free]) - after).max()
    assert [step["terminated"] for step in free] == ended
    record_property("cart, state fed at each step", f"{fed_error:.2g}")
    record_property("cart, free running", f"{free_error:.2g}")
    print(f"cart: {len(states)} steps of {len(starts)} episodes, fed {fed_error:.1e}, free {free_error:.1e}")
    assert fed_error < 1e-12 and free_error < 1e-9


def test_the_cart_balances_free_running_for_500_steps_as_in_course_rl(tab, record_property):
    start, state = [0.01, -0.02, 0.03, 0.01], [0.01, -0.02, 0.03, 0.01]
    envs = rl.Envs("CartPole-v1", rl.Seeds(1), 1)
    envs._vector.envs.state = np.array(start)[:, None]
    want, actions = [], []
    for _ in range(500):  # a hand-made balancer that keeps the pole up
        x, speed, angle, turning = state
        action = int(angle + 0.5 * turning + 0.05 * x + 0.1 * speed > 0)
        envs.step(torch.tensor([[action]]))
        state = envs._vector.envs.state[:, 0].tolist()
        actions.append(action)
        want.append(state)
    want[-1] = want[-2]  # the time limit has begun a new episode
    got = agent(tab, "cart_pole", """(agent, [state, actions]) =>
        actions.map((action) => (state = agent.physics(state, action).state))""", [start, actions])
    errors = np.abs(np.array(got[:-1]) - want[:-1]).max(1)
    record_property("cart, free running for 499 steps", f"{errors.max():.2g}")
    print(f"cart: free running, {errors[199]:.1e} in 200 steps, {errors.max():.1e} in 499")
    assert errors[:200].max() < 1e-9


def test_every_network_gives_what_torch_gives(tab, pole, record_property):
    curve, network = pole
    obs = 0.5 * rl.Seeds(1).uniform(25, 4) - 0.25
    got = np.array(agent(tab, "cart_pole", """(agent, [obs, seeds, moments]) => seeds.map((i) =>
        moments.map((k) => obs.map((o) => agent.q(o, i, k))))""", [obs[0].tolist(), [0, 1, 2], [0, 1, 2, 3]]))
    want = np.empty_like(got)
    with torch.no_grad():
        for k in range(4):
            row = 0
            for p in network.parameters():
                p.copy_(torch.as_tensor(curve.probe[:, k, row:row + p[0].numel()]).view(p.shape))
                row += p[0].numel()
            want[:, k] = network(obs.expand(3, 25, 4)) / 0.05
    error = np.abs(got - want).max()
    record_property("Q of 12 networks, in units of the return", f"{error:.2g}")
    print(f"networks: {error:.1e} of values up to {np.abs(want).max():.0f}")
    assert error < 1e-4


class Supplied:
    """Uniform numbers given beforehand, in place of `Seeds`, and the log of what was drawn."""

    def __init__(self, seed):
        self.rng, self.log = np.random.default_rng(seed), []

    def uniform(self, *shape):
        drawn = self.rng.random(shape).astype(np.float32)
        self.log += drawn.ravel().tolist()
        return torch.as_tensor(drawn)[None]

    def integers(self, high, *shape):
        return (self.uniform(*shape) * high).long()


def test_the_lake_and_its_table_learn_as_in_course_rl(tab, record_property):
    """2,500 steps of `rl.q_learning` with logged random numbers, again in the page with the same numbers."""
    supplied, drawn, actions = Supplied(0), [], []

    def act(q, epsilon, rng):
        supplied.log = []
        actions.append(rl.epsilon_greedy(q, epsilon, supplied))
        drawn.append(supplied.log)
        return actions[-1]

    moves, ends, uniform = [], [], rl.Seeds.uniform

    def logged(self, *shape):
        moves.append(uniform(self, *shape))
        return moves[-1]

    def target(reward, discount, q_next, q_next_online):
        ends.append((reward.item(), discount.item() == 0))
        return rl.q_target(reward, discount, q_next)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rl.Seeds, "uniform", logged)
        _, q = rl.q_learning(**LAKE, seeds=1, steps=2_500, gamma=GAMMA, step_size=0.1, epsilon=0.3, tests=0,
                             act=act, target=target)
    moves = [u.item() for u in moves[1:]]  # the first drew where the first episode begins
    u = [[*draw, *moves[2 * t:2 * t + 2]] for t, draw in enumerate(drawn)]
    got = agent(tab, "grid", """(agent, [u, zeros]) => {
        agent.state = { q: zeros, state: 0, age: 0, epsilon: 0.3, alpha: 0.1 };
        const steps = u.map((numbers) => { agent.step(numbers); const { last } = agent.state;
            return [last.action, last.reward, last.terminated]; });
        return { steps, q: agent.state.q };
    }""", [u, np.zeros((16, 4)).tolist()])
    assert [step[0] for step in got["steps"]] == [action.item() for action in actions]
    assert [(step[1], step[2]) for step in got["steps"]] == ends
    error = np.abs(np.array(got["q"]) - q[0].numpy()).max()
    record_property("table after 2,500 updates", f"{error:.2g}")
    print(f"lake: {sum(end for _, end in ends)} episodes terminated, largest error of the table {error:.1e}")
    assert sum(reward for reward, _ in ends) > 3 and error < 1e-6


def test_the_checkpoints_are_those_of_the_curve(tab, tables):
    for moment, want in ((0, np.zeros((16, 4))), (8, tables.probe[0, 7])):
        tab.locator("[data-agent=grid] input[type=range]").first.fill(str(moment))
        assert np.array_equal(agent(tab, "grid", "agent => agent.state.q"), np.float64(want))


# ---- what a reader meets ----

def test_the_agent_plays_at_every_frame_that_the_browser_offers(tab):
    tab.wait_for_function("document.querySelector('.rl-live').agent.time.frames > 0")
    drawn, offered = tab.evaluate("""() => new Promise((done) => {
        const { time } = document.querySelector(".rl-live").agent, begin = time.frames;
        let offered = 0;
        const count = () =>
            (++offered < 60 ? requestAnimationFrame(count) : done([time.frames - begin, offered]));
        requestAnimationFrame(count);
    })""")
    print(f"frames: {drawn} drawn of {offered} offered")
    assert drawn / offered > 0.9


def test_what_cannot_be_seen_rests(tab):
    tab.wait_for_function("document.querySelector('.rl-live').agent.time.frames > 0")
    last = "[...document.querySelectorAll('.rl-live')].at(-1).agent.time"
    playing, frames = tab.evaluate(f"[{last}.playing, {last}.frames]")
    tab.wait_for_timeout(300)
    assert playing and tab.evaluate(f"{last}.frames") == frames
    tab.locator("[data-agent=cart_pole]").last.scroll_into_view_if_needed()
    tab.wait_for_function(f"{last}.frames > {frames}")


def test_nothing_moves_by_itself_for_readers_who_want_no_motion(browser, page):
    context = browser.new_context(reduced_motion="reduce")
    tab = context.new_page()
    tab.goto(page.as_uri())
    assert tab.locator(".rl-live[data-started]").count() == 3
    assert not agent(tab, "cart_pole", "agent => agent.time.playing")
    tab.get_by_role("button", name="Step").first.click()
    assert agent(tab, "cart_pole", "agent => agent.state.agent.score") == 1
    context.close()


def test_a_duel_is_played_with_the_arrow_keys(tab):
    cart = tab.locator("[data-agent=cart_pole]").first
    cart.get_by_label("Play against it").check()
    state = agent(tab, "cart_pole", "agent => agent.state")
    assert state["you"]["state"] == state["agent"]["state"] and not state["you"]["score"]
    assert tab.evaluate("scrollY") == 0
    cart.locator(".rl-stage").focus()
    tab.keyboard.press("ArrowLeft")
    tab.wait_for_function("document.querySelector('.rl-live').agent.state.over", timeout=15_000)
    state = agent(tab, "cart_pole", "agent => agent.state")
    assert state["you"]["end"] == "fell" and state["best"] == state["you"]["score"] > 5
    assert f"after {state['best']} steps" in cart.inner_text()
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.tagName") == "BUTTON"


def test_the_reader_pushes_and_tips(tab):
    pause(tab)
    cart = tab.locator("[data-agent=cart_pole]").first
    agent(tab, "cart_pole", "agent => { agent.state = [0, 0, 0, 0]; agent.show(); }")
    cart.get_by_role("button", name="Push →").click()
    cart.get_by_role("button", name="↶ Tip").click()
    speed, turning = (agent(tab, "cart_pole", "agent => agent.state.agent.state")[i] for i in (1, 3))
    assert speed > 0 > turning
    cart.locator("canvas").first.click(position={"x": 30, "y": 20})  # left of the pole: it tips to the right
    assert agent(tab, "cart_pole", "agent => agent.state.agent.state")[3] > turning


def test_500_steps_are_the_time_limit_and_no_failure(tab):
    pause(tab)
    end = agent(tab, "cart_pole", """agent => {
        agent.state = [0, 0, 0, 0];
        for (let n = 0; n < 500; n++) {  // held upright
            agent.state.agent.state = [0, 0, 0, 0];
            agent.step();
        }
        return agent.state.agent.end;
    }""")
    assert end == "limit"
    assert "truncated" in tab.locator("[data-agent=cart_pole]").first.inner_text()


def test_the_update_is_written_out_with_its_numbers(tab):
    lake = tab.locator("[data-agent=grid]")
    lake.get_by_role("button", name="1,000 steps").click()
    for _ in range(20):
        lake.get_by_role("button", name="Step", exact=True).click()
        text = lake.locator(".rl-rule").inner_text()
        _, right, result = re.split("[←=] (?=[-0-9])", text)
        right = right.replace("·", "*").replace("−", "-")
        assert eval(right) == pytest.approx(float(result), abs=2e-4), text
        assert re.search(r"u = \S+ [<≥] ε = 0.10", lake.inner_text())


@pytest.mark.parametrize(("code", "script"), [("zh", CHINESE), ("ru", RUSSIAN)])
def test_the_language_follows_the_page(tab, code, script):
    pause(tab)
    assert not any(script.search(tab.locator(".rl-live").nth(k).inner_text()) for k in range(3))
    tab.evaluate(f"localStorage.setItem('{LANGUAGE}', '{code}');"
                 "document.dispatchEvent(new CustomEvent('course-language'))")
    for k in range(3):
        said = tab.locator(".rl-live").nth(k)
        assert said.get_attribute("lang").startswith(code)
        assert all(map(script.search, said.locator(".rl-field > span:first-child").all_inner_texts()))
    assert all(map(script.search, tab.locator(".rl-live [aria-label]").evaluate_all(
        "all => all.map((element) => element.getAttribute('aria-label'))")))


@pytest.mark.parametrize("script", ["cart_pole", "grid"])
def test_every_word_is_there_in_three_languages(script):
    source = (rl.live.frame.HERE / f"{script}.js").read_text(encoding="utf8")
    words = re.search(r"const WORDS = (\{.*?\n\});", source, re.S)[1]
    entries = re.findall(r"^  (\w+): (\[.*?\]),$", words, re.M | re.S)
    assert len(entries) > 20
    for key, texts in entries:
        en, zh, ru = json.loads(re.sub(r",?\s*\]$", "]", re.sub(r"\n\s*", "", texts)))
        names = [sorted(set(re.findall(r"\{\w+\}", text))) for text in (en, zh, ru)]
        assert names[0] == names[1] == names[2], key


def test_controls_have_names_and_room(tab):
    pause(tab)
    for width in (1280, 360):
        tab.set_viewport_size({"width": width, "height": 800})
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        for control in tab.locator(".rl-live :is(button, select, input):visible").all():
            box = control.bounding_box()
            assert box["width"] >= 24 and box["height"] >= 24, control.evaluate("e => e.outerHTML")
        assert not tab.evaluate("""() => [...document.querySelectorAll(".rl-live :is(button, select, input)")]
            .filter((e) => !(e.labels?.[0]?.textContent ?? e.textContent).trim()).map((e) => e.outerHTML)""")
    images = tab.locator(".rl-live [role=img]")
    assert all(len(images.nth(k).get_attribute("aria-label")) > 20 for k in range(images.count()))


def test_a_cell_s_output_is_small(pole, tables):
    sizes = {live.name: len(live._repr_html_().encode()) for live in (
        rl.live.cart_pole(*pole, reward_scale=0.05), rl.live.grid(tables, **LAKE, gamma=GAMMA))}
    print(sizes)
    assert max(sizes.values()) < 400_000


def test_the_probe_is_the_weights_of_each_seed(pole):
    curve, network = pole
    assert np.array_equal(curve.probe[:, -1], rl.live.weights(network).numpy())
    assert curve.probe.shape == (3, 4, 4 * 32 + 32 + 32 * 32 + 32 + 32 * 2 + 2)


def test_bad_arguments_are_told_so(pole, tables):
    curve, network = pole
    cart, lake = rl.live.cart_pole, partial(rl.live.grid, gamma=GAMMA)
    for call, sentence in [
        (lambda: cart(curve.test, network), "the Curve of a training with tests and a probe"),
        (lambda: cart(curve, network, seeds=[1]), "seeds is [1]; it must be the 3 seeds of the curve"),
        (lambda: cart(curve, network, gamma=2), "gamma is 2; it must be a finite number from 0.0"),
        (lambda: cart(curve, network, reward_scale=0), "reward_scale is 0; it must be positive"),
        (lambda: cart(curve, network, agents=0), "agents is 0; it must be an integer of at least 1"),
        (lambda: cart(curve, network, moments=1), "moments is 1; it must be an integer of at least 2"),
        (lambda: cart(curve, torch.nn.ReLU()), "it must be a q_network of CartPole-v1"),
        (lambda: cart(tables, network), "train with probe=rl.live.weights"),
        (lambda: lake(curve, **LAKE), "it must be of shape (S, K, 16, 4), the whole table"),
        (lambda: lake(tables, "CliffWalking-v1"), "a map desc, like FrozenLake-v1"),
        (lambda: lake(tables, **LAKE, epsilon=2), "epsilon is 2; it must be a finite number"),
    ]:
        with pytest.raises(ValueError) as error:
            call()
        assert sentence in str(error.value)
