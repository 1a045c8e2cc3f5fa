"""The Sphinx extension of the book's search: one index for three languages, and the texts to quote from.

English, Russian and Chinese are told apart by their script. Words are made here for the index, in
search_languages.js for the query, and the two must agree. The search page also loads the text of every
place that a result can lead to, since a page that is opened as a file may not fetch others.
"""

import json
import re
from functools import partial
from itertools import groupby
from pathlib import Path

import snowballstemmer
import sphinx.search
from docutils import nodes
from sphinx.search.en import english_stopwords
from sphinx.search.ru import russian_stopwords
from sphinx_design.tabs import sd_tab_label

HAN = re.compile(r"[\u3400-\u9fff]+")
CYRILLIC = re.compile(r"[\u0400-\u04ff]+")
RUN = re.compile(rf"{HAN.pattern}|{CYRILLIC.pattern}|(?:(?![\u0400-\u04ff\u3400-\u9fff_])\w)+")
SCRIPTS = Path(sphinx.search.__file__).parent / "minified-js"
TEXTS = "search_texts.js"
NOT_TEXT = nodes.raw | nodes.comment | nodes.Invisible | sd_tab_label


class CourseSearch(sphinx.search.SearchLanguage):
    """English and Russian words by their stems, Chinese by characters and pairs of neighbours."""

    lang = "course"
    language_name = "English, Russian and Chinese"
    stopwords = english_stopwords | {word.replace("ё", "е") for word in russian_stopwords}
    stopwords |= {"s", "t"}  # of it's and don't
    js_stemmer_code = "\n".join(
        (SCRIPTS / f"{name}-stemmer.js").read_text(encoding="utf8") for name in ("base", "porter", "russian"))
    js_splitter_code = Path(__file__).with_suffix(".js").read_text(encoding="utf8")

    def init(self, options):
        """Make the two stemmers, the same as those of the page."""
        self.english, self.russian = snowballstemmer.stemmer("porter"), snowballstemmer.stemmer("russian")

    def split(self, text):
        """Return the words of a text; a run of n Chinese characters is n characters and n - 1 pairs."""
        words = []
        for run in RUN.findall(text.lower().replace("ё", "е")):
            if HAN.match(run):
                words += [*run, *map("".join, zip(run, run[1:], strict=False))]
            elif run not in self.stopwords and not run.isdecimal():
                words.append(run)
        return words

    def stem(self, word):
        """Return the stem of a word that `split` gave."""
        return (self.russian if CYRILLIC.match(word) else self.english).stemWord(word)

    def word_filter(self, word):
        """Let all words into the index: `split` has left the others out."""
        return True


def places(node, place, found):
    """Put the text below a node into its place, and the places that begin below it into `found`.

    A place (anchor, title, language, pieces of text) is what a result can lead to: a section, a theorem, an
    exercise, its solution, a language tab in either, a term of the glossary.
    """
    for child in node.children:
        if isinstance(child, nodes.Text):
            place[3].append(child.astext())
        elif isinstance(child, nodes.math | nodes.math_block):
            place[3].append("…" if set(child.astext()) & set("\\^_{}") else child.astext())
        elif not (isinstance(child, NOT_TEXT) or is_title(child, place) or is_asked(child)):
            inner = begin(child, place, found)
            if inner is not place:
                found.append(inner)
            places(child, inner, found)
        if not isinstance(child, nodes.Inline | nodes.Text):
            place[3].append(" ")


def begin(node, place, found):
    """Return the place that begins with a node, or else the place that it stands in."""
    if node.get("design_component") == "tab-content":
        marked = [name.removeprefix("language-") for name in node["classes"] if name.startswith("language-")]
        return node["ids"][0], place[1], *(marked or ["en"]), []
    if isinstance(node, nodes.definition_list_item) and node[0]["ids"]:
        terms = node.findall(nodes.term)
        return node[0]["ids"][0], " · ".join(term.astext() for term in terms), "en", []
    if node.get("ids") and len(node) and isinstance(node[0], nodes.title):
        title = node[0].astext().strip(" ()")
        exercise = [other[1] for other in found if other[0] == node.get("target_label")]
        return node["ids"][0], ": ".join([title, *exercise]), "en", []
    return place


def join(doctree):
    """Make one text of neighbours, as "R", "é", "mi" in the bibliography: the index splits each alone."""
    for element in doctree.findall(nodes.TextElement):
        runs = groupby(element.children, lambda child: isinstance(child, nodes.Text))
        parts = [[nodes.Text("".join(run))] if is_text else list(run) for is_text, run in runs]
        element[:] = [child for part in parts for child in part]


def is_asked(node):
    """Say whether a node is a question or a prediction, whose answers no excerpt should give away."""
    return isinstance(node, nodes.Element) and bool({"question", "predict"} & set(node["classes"]))


def is_title(node, place):
    """Say whether a node stands in the title of its place already."""
    return isinstance(node, nodes.title | nodes.term) and node.astext().strip(" ()") in place[1]


def collect(texts, app, doctree, docname):
    """Keep the places of a page: `texts[docname]` is a list of (anchor, title, language, text)."""
    join(doctree)
    found = []
    places(doctree, ("", "", "en", []), found)
    found = [(*place, " ".join("".join(pieces).split())) for *place, pieces in found]
    after = [title for _, title, _, _ in found[1:]] + [None]  # that of an exercise's first tab is its own
    texts[docname] = [
        place for place, title in zip(found, after, strict=True) if place[3] or place[1] != title]


def fill_search_page(texts, app, pagename, templatename, context, doctree):
    """Write the texts beside the pages, which are all done by now, and let the search page load them."""
    if pagename == "search":
        path = Path(app.outdir) / "_static" / TEXTS
        path.write_text(f"const SEARCH_TEXTS = {json.dumps(texts, ensure_ascii=False)};\n", encoding="utf8")
        app.add_js_file(TEXTS, loading_method="defer")
        app.add_js_file("search.js", loading_method="defer")


def setup(app):
    """Register the extension."""
    texts = {}
    app.add_search_language(CourseSearch)
    app.connect("doctree-resolved", partial(collect, texts), priority=900)  # after fill_claims
    app.connect("html-page-context", partial(fill_search_page, texts))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
