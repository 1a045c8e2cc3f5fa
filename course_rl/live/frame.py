"""The frame of the agents that play in a page: how their data and JavaScript become the output of a cell."""

import base64
import html
import json
from pathlib import Path

import numpy as np
import torch

HERE = Path(__file__).parent


class Live:
    """An agent for the page: `name` of its files, `data` for JSON, `title` for readers without JavaScript."""

    def __init__(self, name, data, title):
        self.name, self.data, self.title = name, data, title

    def __repr__(self):
        return self.title

    def _repr_html_(self):
        data = json.dumps(self.data, separators=(",", ":")).replace("<", "\\u003c")
        return (f'<div class="rl-live" data-agent="{self.name}"><p>{html.escape(self.title)}</p>'
                f'<script type="application/json">{data}</script></div>\n{program(self.name)}')


def program(name):
    """The style sheet and the module of an agent: HTML that follows its data."""
    style, script = ("".join(file.read_text(encoding="utf8") for file in files if file.exists()) for files in
                     ([HERE / f"{part}.{kind}" for part in ("frame", name)] for kind in ("css", "js")))
    return f'<style>{style}</style>\n<script type="module">\n{script}</script><!-- {name} -->'


def encode(numbers):
    """Numbers of any shape as base64 of little-endian float32, for `decode` of frame.js."""
    return base64.b64encode(np.ascontiguousarray(numbers, "<f4").tobytes()).decode()


def weights(network):
    """All parameters of each seed in one row, (S, P): as `probe=`, the agents of several moments."""
    return torch.cat([p.detach().flatten(1) for p in network.parameters()], 1)

