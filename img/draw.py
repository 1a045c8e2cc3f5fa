"""Draws the diagrams of the book: python img/draw.py

480 wide with text of 21 or more, so that it is still above 14 px on a phone; Okabe and Ito's colours; a light
card of its own behind every figure, so that it looks the same in dark mode.
"""

import math
from html import escape
from pathlib import Path

HERE = Path(__file__).parent
INK, GREY, PAPER, LINE = "#1A1A1A", "#5F5F5F", "#FBFBF8", "#CFCFC8"
BLUE, ORANGE, GREEN, RED, PURPLE = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7"
TINT = {BLUE: "#DCEBF6", ORANGE: "#FBEBC8", GREEN: "#D8EFE7", RED: "#F9DFD0", PURPLE: "#F5E2EC",
        GREY: "#ECECE8"}
FONT = "Helvetica Neue, Arial, Liberation Sans, DejaVu Sans, sans-serif"


def shape(tag, fill, stroke, weight=2.5, dash=False, **attributes):
    dashes = ' stroke-dasharray="8 6"' if dash else ""
    values = " ".join(f'{name}="{value:g}"' if isinstance(value, float | int) else f'{name}="{value}"'
                      for name, value in attributes.items())
    return f'<{tag} {values} fill="{fill}" stroke="{stroke}" stroke-width="{weight:g}"{dashes}/>'


def rect(x, y, w, h, color, fill=None, rx=8, **style):
    return shape("rect", fill or TINT[color], color, x=x, y=y, width=w, height=h, rx=rx, **style)


def circle(x, y, r, color, fill=None, **style):
    return shape("circle", fill or TINT[color], color, cx=x, cy=y, r=r, **style)


def line(*points, color=INK, **style):
    return shape("path", "none", color, d="M" + " L".join(f"{x:g} {y:g}" for x, y in points), **style)


def polygon(points, color, opacity=1.0):
    places = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polygon points="{places}" fill="{color}" fill-opacity="{opacity:g}"/>'


def arrow(*points, color=INK, dash=False):
    """A line through the points with a head at the last one."""
    (x0, y0), (x1, y1) = points[-2:]
    length = math.hypot(x1 - x0, y1 - y0)
    ux, uy = (x1 - x0) / length, (y1 - y0) / length
    bx, by = x1 - 13 * ux, y1 - 13 * uy
    shaft = line(*points[:-1], (round(bx + 2 * ux, 1), round(by + 2 * uy, 1)), color=color, dash=dash)
    return shaft + polygon([(x1, y1), (bx - 7 * uy, by + 7 * ux), (bx + 7 * uy, by - 7 * ux)], color)


def text(x, y, s, anchor="middle", color=INK, size=21, bold=False):
    weight = ' font-weight="bold"' if bold else ""
    return (f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" font-size="{size}" fill="{color}"{weight}>'
            f"{escape(s)}</text>")


def box(x, y, w, h, color, *lines):
    """A tinted box with centred lines, the first one bold."""
    top = y + h / 2 - 13 * (len(lines) - 1) + 7.5
    return "\n".join([rect(x, y, w, h, color, rx=10)]
                     + [text(x + w / 2, top + 26 * i, s, bold=i == 0) for i, s in enumerate(lines)])


def figure(height, title, description, *parts, width=480):
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" font-family="{FONT}">',
        f"<title>{escape(title)}</title>", f"<desc>{escape(' '.join(description.split()))}</desc>",
        rect(1, 1, width - 2, height - 2, LINE, PAPER, rx=16), *parts, "</svg>", ""])


def agent_environment():
    """The agent sends an action to the environment, which answers with a reward and the next observation. The
    episode ends by termination, when the task is over, or by truncation, when it is cut off."""
    return figure(
        462, "Agent and environment", agent_environment.__doc__,
        box(130, 24, 220, 66, BLUE, "Agent"), box(130, 192, 220, 66, GREEN, "Environment"),
        arrow((350, 57), (440, 57), (440, 225), (350, 225)), text(428, 148, "action a", "end"),
        arrow((130, 225), (40, 225), (40, 57), (130, 57)),
        text(54, 134, "reward r", "start"), text(54, 164, "next obs s′", "start"),
        text(240, 304, "an episode ends in one of two ways", color=GREY),
        line((240, 258), (240, 280), color=GREY),
        box(20, 324, 214, 116, RED, "terminated", "the task is over:", "nothing follows"),
        box(246, 324, 214, 116, ORANGE, "truncated", "cut off by a limit:", "s′ would go on"))


def q_table_to_network():
    """Above, a table with one row for each state; the row of state s holds four values. Below, a network that
    takes the state and puts out the same four values, one for each action."""
    outputs = [f"Q(s, {a})" for a in ("a₁", "a₂", "a₃", "a₄")]
    parts = [text(20, 40, "Table: one row for each state", "start", bold=True)]
    for j, a in enumerate(("a₁", "a₂", "a₃", "a₄")):
        parts.append(text(112 + 98 * j, 76, a))
    for i, name in enumerate(("s₁", "s", "s₃", "⋮")):
        y = 88 + 40 * i
        parts.append(text(38, y + 27, name, bold=name == "s"))
        for j in range(4):
            here = name == "s"
            parts.append(rect(64 + 98 * j, y, 98, 40, BLUE if here else LINE, None if here else "#FFF", rx=0))
            parts.append(text(113 + 98 * j, y + 27, outputs[j] if here else "·", color=INK if here else GREY))
    parts += [text(20, 300, "Network: any state in, four values out", "start", bold=True)]
    xs, ys = [346 + 44 * i for i in range(4)], [341 + 46 * i for i in range(4)]
    hs = [325 + 34 * i for i in range(6)]
    for a in xs:
        for b in hs:
            parts.append(line((120, a), (226, b), color="#B9B9B2", weight=1))
    for b in hs:
        for c in ys:
            parts.append(line((226, b), (332, c), color="#B9B9B2", weight=1))
    parts += [circle(120, a, 12, GREEN) for a in xs] + [circle(226, b, 12, GREY) for b in hs]
    for c, label in zip(ys, outputs, strict=True):
        parts += [circle(332, c, 12, BLUE), text(354, c + 7, label, "start")]
    parts += [text(48, 419, "state s"), text(226, 536, "weights θ, shared by all states")]
    return figure(556, "From a table to a network", q_table_to_network.__doc__, *parts)


def dqn_network():
    """Observations of 4 numbers pass through two hidden layers of 64 units, each linear with ReLU, and a
    linear layer to 4 action values. Shapes from top to bottom: (S, B, 4), (S, B, 64), (S, B, 64),
    (S, B, 4)."""
    rows = [("obs", "(S, B, 4)", GREEN, 4, 62), ("hidden", "(S, B, 64)", GREY, 7, 172),
            ("hidden", "(S, B, 64)", GREY, 7, 282), ("q", "(S, B, 4)", BLUE, 4, 392)]
    parts, places = [], []
    for name, shape, _, n, y in rows:
        gap = 50 if n == 4 else 34
        places.append([222 + gap * (i - (n - 1) / 2) for i in range(n)])
        parts += [text(18, y + 7, name, "start", bold=True), text(346, y + 7, shape, "start")]
    for k in range(3):
        y0, y1 = rows[k][4], rows[k + 1][4]
        parts += [line((a, y0), (b, y1), color="#C4C4BD", weight=1) for a in places[k] for b in places[k + 1]]
        label = "linear" if k == 2 else "linear, ReLU"
        parts += [text(346, (y0 + y1) / 2 + 7, label, "start", color=GREY)]
    for (_, _, color, _, y), xs in zip(rows, places, strict=True):
        parts += [circle(x, y, 13, color) for x in xs]
    parts += [text(x, 434, a) for x, a in zip(places[3], ("a₁", "a₂", "a₃", "a₄"), strict=True)]
    parts += [text(240, 474, "S seeds, B observations each,", color=GREY),
              text(240, 500, "one value for every action", color=GREY)]
    return figure(522, "A Q-network and the shapes in it", dqn_network.__doc__, *parts)


def segment(cx, cy, inner, outer, start, end, color, fill):
    (ax, ay), (bx, by), (ex, ey), (dx, dy) = (
        (cx + r * math.sin(t), cy - r * math.cos(t))
        for r, t in ((inner, start), (outer, start), (outer, end), (inner, end)))
    return shape("path", fill, color, weight=2, d=(
        f"M{ax:.1f} {ay:.1f} L{bx:.1f} {by:.1f} A{outer} {outer} 0 0 1 {ex:.1f} {ey:.1f} "
        f"L{dx:.1f} {dy:.1f} A{inner} {inner} 0 0 0 {ax:.1f} {ay:.1f} Z"))


def replay():
    """Transitions enter a ring buffer in order of time, the newest over the oldest. A minibatch of
    transitions from all over the buffer is drawn at random for each update."""
    n, picks = 16, (3, 6, 10, 13)
    parts = [text(240, 36, "(s, a, r, s′, terminated), as time goes")]
    for i in range(5):
        x = 52 + 76 * i
        parts.append(rect(x, 52, 52, 34, GREEN, rx=6))
        if i < 4:
            parts.append(line((x + 52, 69), (x + 76, 69), color=GREEN))
    parts.append(arrow((408, 69), (444, 69), (444, 112), (240, 112), (240, 138), color=GREEN))
    cy = 236
    for i in range(n):
        start, end = 2 * math.pi * (i - 0.5) / n, 2 * math.pi * (i + 0.5) / n
        color, fill = (GREEN, TINT[GREEN]) if i == 0 else (BLUE, "#9CC9E8") if i in picks else (LINE, "#FFF")
        if i == 1:
            color, fill = GREY, "#D8D8D2"
        parts.append(segment(240, cy, 62, 96, start + 0.02, end - 0.02, color, fill))
    parts += [text(240, cy - 3, "replay"), text(240, cy + 23, "buffer"),
              text(96, 152, "newest", "start", color=GREY), arrow((168, 145), (216, 150), color=GREY),
              text(332, 152, "oldest:", "start", color=GREY),
              text(332, 178, "goes next", "start", color=GREY),
              arrow((326, 145), (288, 152), color=GREY)]
    for i in range(len(picks)):
        parts.append(rect(97 + 78 * i, 384, 52, 34, BLUE, "#9CC9E8", rx=6))
    parts += [arrow((240, 336), (240, 380), color=BLUE), text(256, 364, "draw at random", "start"),
              text(240, 446, "minibatch: far apart in time"),
              arrow((240, 458), (240, 490), color=BLUE), box(130, 490, 220, 46, BLUE, "update of θ")]
    return figure(556, "Experience replay", replay.__doc__, *parts)


def target_network():
    """The online network with weights θ computes the estimate, the frozen network with weights θ⁻ computes
    the target. Their difference is the loss. Its gradient goes back to θ only; the target lets none
    through. Every C updates θ is copied into θ⁻."""
    return figure(
        520, "The target network", target_network.__doc__,
        text(240, 36, "copy θ into θ⁻ every C updates"),
        arrow((115, 84), (115, 56), (365, 56), (365, 84), color=GREY, dash=True),
        box(20, 84, 190, 76, BLUE, "online θ", "learns"), box(270, 84, 190, 76, ORANGE, "frozen θ⁻", "waits"),
        arrow((115, 160), (115, 204), color=BLUE), arrow((365, 160), (365, 204), color=ORANGE),
        box(20, 204, 190, 80, BLUE, "estimate", "Q(s, a; θ)"),
        box(232, 204, 228, 80, ORANGE, "target y", "r + γ max Q(s′, ·; θ⁻)"),
        arrow((160, 284), (160, 366)), arrow((330, 284), (330, 366)),
        box(110, 366, 270, 56, GREY, "loss (y − Q)²"),
        arrow((110, 394), (60, 394), (60, 284), color=RED, dash=True),
        line((380, 394), (424, 394), (424, 330), color=RED, dash=True),
        line((404, 318), (444, 342), color=RED, weight=4),
        line((404, 342), (444, 318), color=RED, weight=4),
        text(240, 460, "red: the gradient of the loss", color="#A84300"),
        text(240, 490, "changes θ and stops at the target", color="#A84300"))


def dqn_data_flow():
    """Environments add transitions to the replay buffer. A random minibatch goes to the online network, which
    estimates, and to the frozen network, which makes the target. The loss between them updates the
    online network, which chooses the next actions."""
    return figure(
        604, "The flow of data in DQN", dqn_data_flow.__doc__,
        box(140, 22, 250, 60, GREEN, "environments"),
        arrow((265, 82), (265, 140)), text(280, 118, "transitions", "start"),
        box(140, 140, 250, 60, PURPLE, "replay buffer"),
        line((265, 200), (265, 232)), text(280, 226, "random minibatch", "start"),
        arrow((265, 248), (175, 248), (175, 282)), arrow((265, 248), (365, 248), (365, 282)),
        line((265, 230), (265, 249)),
        box(80, 282, 170, 70, BLUE, "online θ"), box(290, 282, 170, 70, ORANGE, "frozen θ⁻"),
        arrow((250, 317), (290, 317), color=GREY, dash=True), text(270, 382, "copy", color=GREY),
        line((270, 362), (270, 322), color=GREY, weight=1.5),
        arrow((175, 352), (175, 430)), text(163, 400, "Q(s, a)", "end"),
        arrow((365, 352), (365, 430)), text(377, 400, "target y", "start"),
        box(140, 430, 260, 58, GREY, "loss"),
        arrow((270, 488), (270, 524)), box(140, 524, 260, 58, RED, "update of θ"),
        line((140, 553), (56, 553), (56, 330), color=RED), arrow((56, 331), (56, 305), (80, 305), color=RED),
        line((80, 295), (34, 295), (34, 52), color=BLUE), arrow((34, 54), (34, 52), (140, 52), color=BLUE),
        text(46, 110, "ε-greedy", "start"), text(46, 136, "actions", "start"))


def double_dqn():
    """DQN: the frozen network both selects the best next action and evaluates it. Double DQN: the online
    network selects the action, the frozen network evaluates it."""
    return figure(
        520, "DQN and Double DQN", double_dqn.__doc__,
        text(20, 40, "DQN", "start", bold=True, size=24),
        box(20, 56, 206, 80, ORANGE, "frozen θ⁻", "selects a*"),
        box(254, 56, 206, 80, ORANGE, "frozen θ⁻", "evaluates a*"),
        arrow((226, 96), (254, 96)),
        text(240, 172, "a* = argmax Q(s′, a; θ⁻)"), text(240, 202, "y = r + γ Q(s′, a*; θ⁻)"),
        text(240, 236, "the same noise, used twice", color=GREY),
        line((20, 262), (460, 262), color=LINE),
        text(20, 302, "Double DQN", "start", bold=True, size=24),
        box(20, 318, 206, 80, BLUE, "online θ", "selects a*"),
        box(254, 318, 206, 80, ORANGE, "frozen θ⁻", "evaluates a*"),
        arrow((226, 358), (254, 358)),
        text(240, 434, "a* = argmax Q(s′, a; θ)"), text(240, 464, "y = r + γ Q(s′, a*; θ⁻)"),
        text(240, 498, "two noises, only partly alike", color=GREY))


def dueling_network():
    """Shared layers read the observation; one stream gives one value V(s), the other an advantage A(s, a) per
    action. The mean of the advantages is subtracted and the value added: q(s, a)."""
    return figure(
        500, "A dueling network", dueling_network.__doc__,
        box(140, 20, 200, 48, GREEN, "obs (S, B, *)"), arrow((240, 68), (240, 96)),
        box(140, 96, 200, 48, GREY, "shared layers"),
        arrow((190, 144), (120, 178)), arrow((290, 144), (360, 178)),
        box(20, 178, 200, 48, GREY, "value stream"), box(260, 178, 200, 48, GREY, "advantage stream"),
        arrow((120, 226), (120, 254)), arrow((360, 226), (360, 254)),
        box(20, 254, 200, 76, ORANGE, "V(s)", "(S, B, 1)"),
        box(260, 254, 200, 76, PURPLE, "A(s, a)", "(S, B, A)"),
        arrow((120, 330), (170, 366)), arrow((360, 330), (310, 366)),
        box(90, 366, 300, 76, BLUE, "q(s, a)", "V + A − mean of A"),
        text(240, 478, "one q for every action, as before", color=GREY))


def sum_tree():
    """Leaves with priorities 3, 1, 4 and 2; their sums 4 and 6; the root 10. The number u = 6.5 goes right at
    the root with 6.5 - 4 = 2.5 left, then left, since 2.5 is below 4: leaf 2 is drawn."""
    nodes = {(0, 0): (240, 60, "10"), (1, 0): (130, 160, "4"), (1, 1): (350, 160, "6"),
             (2, 0): (75, 270, "3"), (2, 1): (185, 270, "1"),
             (2, 2): (295, 270, "4"), (2, 3): (405, 270, "2")}
    path = [(0, 0), (1, 1), (2, 2)]
    parts = []
    for (depth, k), (x, y, _) in nodes.items():
        if depth:
            used, above = (depth, k) in path, nodes[depth - 1, k // 2][:2]
            parts.append(line(above, (x, y), color=RED if used else GREY, weight=4 if used else 2))
    for key, (x, y, label) in nodes.items():
        parts += [circle(x, y, 32, RED if key in path else BLUE), text(x, y + 8, label, bold=True)]
    parts += [text(x, 332, f"i = {k}") for k, x in enumerate((75, 185, 295, 405))]
    return figure(430, "A sum-tree", sum_tree.__doc__, *parts,
                  text(240, 376, "u = 6.5 ≥ 4: right, with 6.5 − 4 = 2.5", bold=True),
                  text(240, 408, "2.5 < 4: left, draw i = 2", bold=True))


def convolution():
    """A window of 3 by 3 pixels of a picture of 5 by 5 is multiplied by a filter of 3 by 3 and summed: one
    pixel of the 3 by 3 output. The window then moves on with the same weights."""
    def grid(x, y, n, size, color, marked):
        return [rect(x + size * j, y + size * i, size, size, color if (i, j) in marked else GREY,
                     TINT[color] if (i, j) in marked else PAPER, rx=0, weight=1.5)
                for i in range(n) for j in range(n)]
    window = {(i, j) for i in range(1, 4) for j in range(2, 5)}
    whole = {(i, j) for i in range(3) for j in range(3)}
    return figure(
        380, "A convolution", convolution.__doc__,
        *grid(24, 60, 5, 38, ORANGE, window), text(119, 44, "picture 5 × 5", bold=True),
        *grid(318, 60, 3, 38, PURPLE, whole), text(375, 44, "filter 3 × 3", bold=True),
        text(266, 124, "·", size=40, bold=True), arrow((266, 250), (312, 282)),
        *grid(318, 226, 3, 38, BLUE, {(1, 2)}),
        text(24, 290, "multiply, sum,", "start"), text(24, 320, "write one pixel,", "start"),
        text(24, 350, "move the window on", "start"), text(375, 368, "output 3 × 3", bold=True))


def actor_critic():
    """The actor chooses the actions of a rollout. The critic's values turn its rewards into advantages, which
    weigh the actor's log-probabilities, and into targets for the critic. Both are numbers: no gradient goes
    back through them. After the update the rollout is thrown away."""
    return figure(
        560, "Actor and critic", actor_critic.__doc__,
        box(120, 22, 240, 60, GREEN, "environments"),
        arrow((240, 82), (240, 122)),
        box(120, 122, 240, 76, PURPLE, "rollout", "T steps, not kept"),
        arrow((240, 198), (240, 238)),
        box(92, 238, 296, 76, GREY, "advantages A", "and targets A + V"),
        arrow((160, 314), (160, 374), color=GREY, dash=True),
        arrow((320, 314), (320, 374), color=GREY, dash=True),
        text(240, 350, "numbers", color=GREY),
        box(70, 374, 160, 76, BLUE, "actor π", "log π(a|s) · A"),
        box(250, 374, 160, 76, ORANGE, "critic V", "(V − target)²"),
        arrow((150, 500), (150, 450), color=RED), arrow((330, 500), (330, 450), color=RED),
        text(240, 530, "red: the gradient, one step each", color="#A84300"),
        line((70, 412), (34, 412), (34, 52), color=BLUE), arrow((34, 54), (34, 52), (120, 52), color=BLUE),
        text(46, 140, "a ~ π", "start"),
        line((410, 412), (446, 412), (446, 276), color=ORANGE),
        arrow((446, 277), (446, 276), (388, 276), color=ORANGE), text(436, 262, "V(s)", "end"))


def visit():
    """One visit. A film is recommended; it is ignored for a reward of minus 0.1, or clicked. A clicked film
    enters the history and is abandoned, reward 1, or finished, reward 10. After each answer the subscriber
    leaves, which terminates the episode, or comes again; boredom makes leaving likely after a click."""
    return figure(
        640, "One visit of a subscriber", visit.__doc__,
        box(110, 22, 260, 76, BLUE, "recommend film i", "seen: user u, history h"),
        arrow((170, 98), (100, 158)), arrow((310, 98), (360, 158)),
        box(20, 158, 160, 76, GREY, "ignored", "r = −0.1"),
        box(250, 158, 210, 76, GREEN, "clicked", "i enters the history"),
        arrow((310, 234), (270, 290)), arrow((400, 234), (414, 290)),
        box(196, 290, 136, 76, ORANGE, "abandoned", "r = 1"),
        box(346, 290, 116, 76, PURPLE, "finished", "r = 10"),
        arrow((100, 234), (100, 420)), arrow((264, 366), (264, 420)), arrow((404, 366), (404, 420)),
        rect(20, 420, 440, 94, RED, rx=10), text(240, 446, "leaves with probability", bold=True),
        text(100, 474, "0.09"), text(264, 474, "0.10 + β(c)"), text(404, 474, "β(c)"),
        text(240, 502, "c films of one group: boredom", color=GREY),
        arrow((126, 514), (126, 552)), arrow((354, 514), (354, 552)),
        box(20, 552, 212, 70, RED, "leaves", "terminated"),
        box(248, 552, 212, 70, BLUE, "stays", "next visit"))


def film_scores():
    """Every film of the catalogue is described by the same features and read by the same weights. The mean of
    all readings stands beside each of them when it is scored. The output has one number for each film."""
    parts = []
    for k, name in enumerate(("film 1", "film 2", "film N")):
        y = 60 + 122 * k + (28 if k == 2 else 0)
        parts += [box(18, y, 136, 72, GREY, name, "features"), arrow((154, y + 36), (194, y + 36)),
                  box(194, y, 92, 72, BLUE, "read"), arrow((286, y + 36), (334, y + 36)),
                  box(334, y, 92, 72, GREEN, "score"), arrow((426, y + 36), (462, y + 36))]
    return figure(
        560, "Films read by the same weights", film_scores.__doc__,
        text(240, 40, "the same weights in every row", color=GREY), *parts,
        text(86, 318, "⋮", size=30), text(240, 318, "⋮", size=30), text(380, 318, "⋮", size=30),
        box(194, 452, 176, 70, ORANGE, "mean of all", "beside each"),
        line((310, 96), (310, 452), color=ORANGE), arrow((370, 487), (380, 487), (380, 404), color=ORANGE),
        text(240, 546, "S × B × N scores", color=GREY))


def termination():
    """Two episodes. The first ends in a terminal state with value 0, so the target is r. The second is cut
    off by the time limit in an ordinary state, so the target is r plus γ times the value of that
    state."""
    parts = [text(20, 40, "terminated: the task is over", "start", bold=True)]
    xs = (44, 124, 204, 284, 364)
    for k, y in enumerate((86, 306)):
        for i, x in enumerate(xs[:4]):
            parts += [circle(x, y, 19, BLUE), arrow((x + 19, y), (xs[i + 1] - 20, y))]
            parts.append(text(x + 40, y - 14, "r"))
        if k == 0:
            parts += [rect(345, y - 19, 38, 38, RED, rx=0),
                      text(364, y + 7, "s′"), text(396, y + 7, "end", "start")]
        else:
            parts += [circle(364, y, 19, BLUE), text(364, y + 7, "s′"),
                      line((398, y - 36), (398, y + 36), color=ORANGE, weight=5),
                      line((383, y), (416, y), color=GREY, dash=True),
                      circle(436, y, 19, GREY, "none", dash=True)]
    parts += [text(240, 142, "nothing follows s′: its value is 0"), box(140, 160, 200, 48, RED, "y = r"),
              line((20, 230), (460, 230), color=LINE),
              text(20, 256, "truncated: cut off by the time limit", "start", bold=True),
              text(240, 372, "s′ would go on: its value counts"),
              box(84, 390, 312, 48, ORANGE, "y = r + γ max Q(s′, a′)")]
    return figure(460, "Termination and truncation", termination.__doc__, *parts)


def wiggle(x, y, w, h, k):
    """A learning curve: a path from bottom left to top right, a little different for every k."""
    points = []
    for i in range(25):
        u = i / 24
        rise = 1 / (1 + math.exp(-9 * (u - 0.42 - 0.05 * math.sin(2.4 * k))))
        points.append((x + w * u, y + h - h * (0.06 + 0.86 * rise + 0.05 * math.sin(11 * u + 1.9 * k))))
    return [(round(a, 1), round(b, 1)) for a, b in points]


def batched_seeds():
    """S agents side by side, each with an environment, a buffer and weights of its own, as rows of one tensor
    whose axis 0 is the seed. Their learning curves give a mean and a 95 percent band."""
    parts = [text(20, 40, "One program trains S agents", "start", bold=True)]
    rows = [("seed 0", 62), ("seed 1", 124), ("seed 2", 186), ("seed S−1", 282)]
    parts.append(rect(116, 54, 252, 292, GREY, rx=12, dash=True))
    for k, (name, y) in enumerate(rows):
        parts.append(text(14, y + 35, name, "start"))
        for x, w, color, label in ((124, 54, GREEN, "env"), (182, 80, PURPLE, "buffer"),
                                   (266, 94, BLUE, "weights")):
            parts += [rect(x, y, w, 54, color), text(x + w / 2, y + 34, label)]
        parts.append(line(*wiggle(380, y + 2, 82, 50, k), color=BLUE))
    parts += [text(240, 268, "⋮", size=26), text(417, 268, "⋮", size=26), text(52, 268, "⋮", size=26),
              text(240, 376, "one tensor, axis 0 is the seed;", color=GREY),
              text(240, 402, "no random number, no gradient", color=GREY),
              text(240, 428, "passes from row to row", color=GREY)]
    x, y, w, h = 60, 456, 360, 120
    curves = [wiggle(x, y, w, h, k) for k in range(9)]
    mean = [(c[0][0], sum(p[1] for p in c) / 9) for c in zip(*curves, strict=True)]
    low = [(c[0][0], max(p[1] for p in c)) for c in zip(*curves, strict=True)]
    high = [(c[0][0], min(p[1] for p in c)) for c in zip(*curves, strict=True)]
    parts += [polygon(low + high[::-1], BLUE, 0.2),
              line(*[(a, round(b, 1)) for a, b in mean], color=BLUE, weight=3.5),
              line((x, y), (x, y + h), (x + w, y + h)), text(240, 608, "mean over seeds and 95 % band")]
    return figure(628, "Many seeds as one tensor", batched_seeds.__doc__, *parts)


def mark(x, y, size):
    """The sign of the book: a learning curve with its band."""
    s = size / 64
    curve = wiggle(x + 9 * s, y + 13 * s, 44 * s, 38 * s, 0)
    band = [(a, b + 8 * s) for a, b in curve] + [(a, b - 8 * s) for a, b in curve[::-1]]
    return "\n".join([
        f'<rect x="{x:g}" y="{y:g}" width="{size:g}" height="{size:g}" rx="{13 * s:g}" fill="{BLUE}"/>',
        polygon(band, "#FFFFFF", 0.35), line(*curve, color="#FFFFFF", weight=5.5 * s),
        f'<circle cx="{curve[-1][0]}" cy="{curve[-1][1]}" r="{5.5 * s:g}" fill="{ORANGE}"/>'])


def logo():
    """A learning curve with its band, and the title of the book."""
    return figure(104, "Deep Reinforcement Learning, Proven", logo.__doc__,
                  mark(16, 16, 72), text(104, 46, "Deep Reinforcement", "start", bold=True, size=25),
                  text(104, 80, "Learning, Proven", "start", bold=True, size=25), width=376)


def favicon():
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64" viewBox="0 0 64 64">\n'
            f"<title>Deep Reinforcement Learning, Proven</title>\n{mark(0, 0, 64)}\n</svg>\n")


FIGURES = {draw.__name__.replace("_", "-"): draw for draw in (
    agent_environment, q_table_to_network, dqn_network, replay, target_network, dqn_data_flow, double_dqn,
    dueling_network, sum_tree, convolution, actor_critic, visit, film_scores, termination, batched_seeds,
    logo, favicon)}

if __name__ == "__main__":
    for name, draw in FIGURES.items():
        (HERE / f"{name}.svg").write_text(draw(), encoding="utf8")
