"""The Sphinx extension for questions: a malformed one is a warning; `{course-progress}` counts them all."""

import json
from html import escape

from course_book import in_reading_order
from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

LANGUAGES = ["en", "zh", "ru"]
log = logging.getLogger(__name__)


class progress(nodes.General, nodes.Element):  # noqa: N801
    """The place of the table of answered questions."""


class CourseProgress(SphinxDirective):
    """`{course-progress}`: the place where questions.js shows what was answered, chapter by chapter."""

    def run(self):
        self.env.metadata[self.env.docname]["course-progress"] = True
        return [progress()]


def right_answer(box) -> int | None:
    """Return the 0-based index of a question's one right answer; warn and return None if malformed."""
    items = list(box[-1]) if isinstance(box[-1], nodes.definition_list) else []
    signs = [item[-1].astext().strip()[:1] for item in items]
    if len(items) < 2 or len(box) < 3 or any(len(item) != 2 for item in items):
        log.warning("a question is a text and a list of answers, each with one explanation", location=box)
    elif set(signs) != {"✓", "✗"} or signs.count("✓") != 1:
        log.warning("one explanation begins with ✓, all others with ✗", location=box)
    elif any(len(item[-1].astext().strip()) < 3 for item in items):
        log.warning("an answer has no explanation", location=box)
    else:
        return signs.index("✓")


def ancestor(node, true):
    """Return the nearest ancestor of which `true` holds, or None."""
    while node is not None and not true(node):
        node = node.parent
    return node


def check_questions(app, doctree):
    """Check the questions and predictions of a page; keep label -> right answers for `{course-progress}`."""
    found = {}
    for box in list(doctree.findall(nodes.admonition)):
        if "predict" in box["classes"]:
            right_answer(box)
            cell = box.next_node(descend=False, siblings=True)
            if cell is None or not any("cell_output" in part.get("classes", []) for part in cell):
                log.warning("no code cell with an output follows this prediction", location=box)
        elif "question" in box["classes"]:
            tab = ancestor(box, lambda node: node.get("design_component") == "tab-item")
            exercise = ancestor(box, lambda node: "exercise" in node.get("classes", []))
            if tab is None or exercise is None:
                log.warning("a question stands in a language tab of an exercise", location=box)
            else:
                tabs = found.setdefault(exercise["ids"][0], {language: [] for language in LANGUAGES})
                tabs[tab[0]["sync_id"]].append((right_answer(box), len(box[-1])))
    for label, tabs in found.items():
        if any(tabs[language] != tabs["en"] for language in LANGUAGES):
            log.warning(f"the languages of {label} differ in their questions", location=app.env.docname)
    rights = {label: [right for right, _ in tabs["en"]] for label, tabs in found.items()}
    app.env.metadata[app.env.docname]["questions"] = rights


def pages_with_progress(app, env):
    """Write the pages with `{course-progress}` at every build, since any chapter may have changed it."""
    return [name for name in env.all_docs if "course-progress" in env.metadata[name]]


def fill_progress(app, doctree, docname):
    """Replace each `{course-progress}` by a place that knows every chapter's questions."""
    env = app.env
    for place in list(doctree.findall(progress)):
        chapters = [
            {
                "page": page,
                "href": app.builder.get_relative_uri(docname, page),
                "title": env.titles[page].astext(),
                "right": env.metadata[page]["questions"],
            }
            for page in in_reading_order(env, app.config.root_doc)
            if env.metadata[page].get("questions")
        ]
        data = escape(json.dumps(chapters, ensure_ascii=False))
        html = f'<div id="course-progress" data-chapters="{data}"></div>'
        place.replace_self(nodes.raw("", html, format="html"))


def setup(app):
    """Register the extension."""
    app.add_node(progress)
    app.add_directive("course-progress", CourseProgress)
    app.connect("doctree-read", check_questions)
    app.connect("env-updated", pages_with_progress)
    app.connect("doctree-resolved", fill_progress)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
