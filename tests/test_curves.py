"""Statistics over seeds, and what a figure says of its run."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

import course_rl as rl


def test_estimates():
    values = np.arange(16.0)
    mean, middle = rl.mean(values), rl.iqm(values)
    assert mean.value == 7.5 and middle.value == np.arange(4, 12).mean() and mean.n == 16
    assert (
        mean.low < 7.5 < mean.high and abs((mean.high - mean.low) / (2 * 1.96 * values.std() / 4) - 1) < 0.1
    )
    assert rl.mean([2.0, 2.0, 2.0]) == (2.0, 2.0, 2.0, 3)  # nothing varies
    assert f"{rl.Estimate(482.13, 470.0, 491.0, 16):.1f}" == "482.1 [470.0, 491.0]"
    half = rl.Estimate(0.5, 0.25, 1.0, 4)
    assert -100 * half == half * -100 == (-50.0, -100.0, -25.0, 4)
    assert str(rl.Estimate(0.5, 0.25, 0.75, 4)) == "0.5 [0.25, 0.75]"


def test_the_interval_covers_as_often_as_it_says():
    rng = np.random.default_rng(0)
    covered = [e.low <= 0 <= e.high for e in (rl.mean(rng.normal(size=16)) for _ in range(200))]
    assert 0.85 <= np.mean(covered) <= 0.99


def test_difference_of_independent_groups():
    a, b = np.arange(10.0) + 5, np.arange(12.0)
    gap = rl.difference(a, b)
    assert gap.value == pytest.approx(a.mean() - b.mean()) and gap.low < gap.value < gap.high


def test_a_training_curve_averages_the_episodes_of_each_bin():
    from tiny import Clock

    curve, _ = rl.dqn(Clock, seeds=2, steps=100, sub_envs=2, length=5, warmup=1_000, tests=0)
    assert curve.step[-1] == 100 and curve.value.shape == (2, 50) and curve.test is None
    assert (
        np.isnan(curve.value[:, :4]).all() and (curve.value[:, 4:] == 5).all()
    )  # the first ends at the fifth step


def test_claim_prints_what_holds_and_stops_at_what_does_not(capsys):
    rl.claim("one is less than two", 1 < 2, "1")
    assert capsys.readouterr().out == "✓ claim: one is less than two — 1\n"
    with pytest.raises(AssertionError, match="claim does not hold: two is less than one"):
        rl.claim("two is less than one", 2 < 1)


def test_plot_states_seeds_steps_and_wall_time():
    curve = rl.Curve(np.array([100, 200]), np.ones((12, 2)), np.array([0.5, 1.5]))
    fig, ax = plt.subplots()
    test = rl.Curve(np.array([200]), np.zeros((12, 1)), np.array([1.5]))  # of the same run: counted once
    rl.plot({"DQN": curve, "mine": test}, ax)
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["DQN (n = 12)", "mine (n = 12)"]
    assert "12 seeds, 200 steps each, 1.5 s in all" in ax.get_xlabel()
    assert ax.lines[0].get_color() == rl.COLORS["DQN"]
    plt.close(fig)


def test_plot_shows_seeds_of_different_length_as_far_as_all_got():
    steps = np.array([[100, 300], [100, 200]])
    fig, ax = plt.subplots()
    rl.plot({"REINFORCE": rl.Curve(steps, np.ones((2, 2)), np.array([0.5, 1.5]))}, ax)
    assert "2 seeds, shown up to 200 steps, 1.5 s in all" in ax.get_xlabel()
    assert ax.lines[0].get_xdata().tolist() == [100, 200]
    plt.close(fig)


def test_a_point_is_drawn_once_every_seed_has_a_value():
    fig, ax = plt.subplots()
    rl.band(ax, [1, 2, 3], [[np.nan, 1, 2], [1, 1, 4]], "x")
    assert ax.lines[0].get_xydata().tolist() == [[2, 1], [3, 3]]
    plt.close(fig)


def test_the_style_is_ours():
    with plt.style.context("course_rl.style"):
        assert plt.rcParams["figure.facecolor"] == "white" and plt.rcParams["axes.grid"]
