"""Formulas are typeset while the book is built, as MathJax's SVG: pages need no script to show them."""

import atexit
import html
import importlib.util
import json
import re
from functools import cache
from pathlib import Path

from py_mini_racer import MiniRacer
from sphinx.ext import mathjax

COMPONENTS = ("startup", "core", "adaptors/liteDOM", "input/tex-full", "output/svg", "output/svg/fonts/tex")
CONFIGURATION = {"startup": {"typeset": False}, "tex": {"packages": {"[-]": ["bussproofs"]}}}
SOURCE = re.compile(r"\\\((.*?)\\\)|\\\[(.*?)\\\]", re.S)
GLYPH = re.compile(r'<path id="MJX-\d+-([^"]+)" d="([^"]*)"></path>')
UNUSED = re.compile(r' (?:data-[\w-]+|xmlns[\w:]*|role|focusable|aria-hidden|stroke[\w-]*|fill)="[^"]*"')
WIDE = 24  # x-heights: what may not fit into a line of a phone
GLYPHS = {}  # name of a glyph -> its outline; a page carries those that it uses, once


@cache
def engine():
    """MathJax in a V8 of its own."""
    package = importlib.util.find_spec("sphinx-mathjax-offline").submodule_search_locations[0]
    v8 = MiniRacer()
    atexit.register(v8.close)  # while its threads still run: left to the interpreter it waits for ever
    v8.eval(f"var window = globalThis, global = globalThis, MathJax = {json.dumps(CONFIGURATION)}; 0")
    for component in COMPONENTS:
        v8.eval((Path(package) / "static" / "mathjax" / f"{component}.js").read_text(encoding="utf8"))
    v8.eval("""MathJax.startup.getComponents(); MathJax.startup.makeMethods();
    const draw = (tex, display) => MathJax.startup.adaptor.outerHTML(MathJax.tex2svg(tex, {display}));
    const mean = (tex, display) => MathJax.tex2mml(tex, {display}); 0""")
    return v8


@cache
def typeset(tex, display):
    """TeX -> HTML: a drawing without its glyphs, which are kept in GLYPHS, and MathML for screen readers."""
    call = f"({json.dumps(tex)}, {json.dumps(display)})"
    svg, mathml = engine().eval("draw" + call), engine().eval("mean" + call)
    if "merror" in mathml:
        raise ValueError(f"MathJax cannot typeset {tex!r}: {mathml}")
    GLYPHS.update(GLYPH.findall(svg))
    svg = re.sub(r"<defs>.*?</defs>", "", svg, flags=re.S)
    svg = re.sub(r'<use[^>]*?xlink:href="#MJX-\d+-([^"]+)"[^>]*?></use>', used, svg)
    svg = UNUSED.sub("", svg[svg.index("<svg"):svg.rindex("</svg>") + len("</svg>")])
    svg = without_bare_groups(svg.replace("<svg", '<svg aria-hidden="true"', 1))
    mathml = re.sub(r">\s+<", "><", re.sub(r' (?:data-[\w-]+|xmlns)="[^"]*"', "", mathml.strip()))
    wide = float(re.search(r' width="([\d.]+)ex"', svg)[1]) > WIDE
    return f'<mjx-container{" display" * display}{" wide" * wide}>{svg}<span>{mathml}</span></mjx-container>'


def used(match):
    """A glyph in a drawing, by its short name and with its place."""
    place = re.search(r' transform="[^"]*"', match[0])
    return f'<use href="#{match[1]}"{place[0] if place else ""}/>'


def without_bare_groups(svg):
    """The same drawing without the groups that say nothing: a quarter of its bytes."""
    written, kept = [], []
    for part in re.split(r"(<g>|<g [^>]*>|</g>)", svg):
        if part.startswith("<g"):
            kept.append(part != "<g>")
        if not (part == "<g>" or part == "</g>" and not kept.pop()):
            written.append(part)
    return "".join(written)


def in_place(visit):
    """Sphinx's own visitor, which writes TeX between delimiters for a script, with the TeX typeset."""
    def visitor(self, node):
        start = len(self.body)
        try:
            visit(self, node)
        finally:  # it skips the node's text by an exception
            written = "".join(self.body[start:])
            self.body[start:] = [SOURCE.sub(from_source, written)]
    return visitor


def from_source(match):
    """TeX between delimiters, as it stands in HTML -> HTML."""
    display = match[1] is None
    return typeset(html.unescape(match[2] if display else match[1]).strip(), display)


def add_glyphs(app, pagename, templatename, context, doctree):
    """Put the outlines that a page uses at its beginning."""
    written = "".join(part for part in (context.get("body"), context.get("toc")) if isinstance(part, str))
    names = sorted(set(re.findall(r'<use href="#([^"]+)"', written)))
    if names:
        paths = "".join(f'<path id="{name}" d="{GLYPHS[name]}"/>' for name in names)
        glyphs = f'<svg class="glyphs" aria-hidden="true"><defs>{paths}</defs></svg>'
        context["body"] = glyphs + context["body"]


def setup(app):
    """Register the renderer: `html_math_renderer: svg`."""
    app.add_html_math_renderer("svg", (in_place(mathjax.html_visit_math), None),
                               (in_place(mathjax.html_visit_displaymath), None))
    app.connect("html-page-context", add_glyphs)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
