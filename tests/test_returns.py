"""The equations against hand-worked numbers and slow, obvious versions."""

import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import course_rl as rl

NUMBERS = st.floats(-10, 10, width=32)


def test_targets_by_hand():
    reward, discount = torch.tensor([[1.0, 1.0]]), torch.tensor([[0.5, 0.0]])  # the second step terminated
    q_next, online = torch.tensor([[[4.0, 6.0], [4.0, 6.0]]]), torch.tensor([[[9.0, 8.0], [9.0, 8.0]]])
    assert rl.q_target(reward, discount, q_next, online).tolist() == [[4.0, 1.0]]
    assert rl.double_q_target(reward, discount, q_next, online).tolist() == [[3.0, 1.0]]


@given(
    arrays("float32", (2, 3), elements=NUMBERS),
    arrays("float32", (2, 3), elements=st.floats(0, 1, width=32)),
    arrays("float32", (2, 3, 4), elements=NUMBERS),
    arrays("float32", (2, 3, 4), elements=NUMBERS, unique=True),
)
def test_targets_against_loops(reward, discount, q_next, online):
    y = rl.q_target(*map(torch.as_tensor, (reward, discount, q_next, online)))
    double = rl.double_q_target(*map(torch.as_tensor, (reward, discount, q_next, online)))
    for s in range(2):
        for b in range(3):
            best = max(range(4), key=lambda a: online[s, b, a])
            assert torch.isclose(y[s, b], torch.tensor(reward[s, b] + discount[s, b] * max(q_next[s, b])))
            assert torch.isclose(
                double[s, b], torch.tensor(reward[s, b] + discount[s, b] * q_next[s, b, best])
            )
    assert (double <= y + 1e-5).all()  # the same values, the larger one taken


def test_losses():
    td_error = torch.tensor([-3.0, -0.5, 0.0, 2.0])
    assert rl.squared(td_error).tolist() == [9.0, 0.25, 0.0, 4.0]
    assert torch.allclose(
        rl.huber(td_error), torch.nn.functional.huber_loss(td_error, torch.zeros(4), reduction="none")
    )


def test_schedules():
    line, decay = rl.linear(1.0, 0.1, 100), rl.exponential(1.0, 0.1, 100)
    assert [round(line(t), 6) for t in (0, 50, 100, 10_000)] == [1.0, 0.55, 0.1, 0.1]
    assert (
        decay(0) == 1.0
        and abs(decay(100) - (0.1 + 0.9 / 2.718281828)) < 1e-9
        and abs(decay(10_000) - 0.1) < 1e-9
    )
