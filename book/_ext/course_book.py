"""The Sphinx extension of the book: its execution cache, table of claims and languages."""

import re
from pathlib import Path

from book_cache import kernel_environment, open_cache
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

CLAIM = re.compile(r"^✓ claim: (.*)$", re.MULTILINE)
LANGUAGES = {"zh": "zh-CN", "ru": "ru"}  # the sync name of a tab -> the language of what stands in it


class claims(nodes.General, nodes.Element):  # noqa: N801
    """The place of the table of claims."""


class Claims(SphinxDirective):
    """`{claims}`: a table of all that the chapters asserted with `rl.claim`, each with a link to where."""

    def run(self):
        self.env.metadata[self.env.docname]["claims"] = True
        return [claims()]


def use_cache(app, config):
    """Point MyST-NB to the executions of this very engine; a new path makes Sphinx read every page."""
    kernel_environment()
    config.nb_execution_cache_path = str(open_cache(Path(app.srcdir)).path)


def pages_with_claims(app, env):
    """Write the pages with a table of claims at every build, since any chapter may have changed it."""
    return [name for name in env.all_docs if "claims" in env.metadata[name]]


def in_reading_order(env, docname):
    """Yield the pages of the book as the table of contents orders them."""
    yield docname
    for child in env.toctree_includes.get(docname, []):
        yield from in_reading_order(env, child)


def find_claims(doctree):
    """Yield (claim, section) for every line that `rl.claim` printed in a page."""
    for output in doctree.findall(nodes.literal_block):
        section = output
        while section and not isinstance(section, nodes.section):
            section = section.parent
        if section and "output" in output["classes"]:
            for line in CLAIM.findall(output.astext()):
                yield line, section


def fill_claims(app, doctree, docname):
    """Replace each `{claims}` by its table."""
    for place in list(doctree.findall(claims)):
        rows = []
        for page in in_reading_order(app.env, app.config.root_doc):
            for line, section in find_claims(app.env.get_doctree(page)):
                claim, _, evidence = line.partition(" — ")
                anchor = f"#{section['ids'][0]}"
                number = ".".join(map(str, app.env.toc_secnumbers.get(page, {}).get(anchor, [])))
                title = f"{number} {section.next_node(nodes.title).astext()}".strip()
                uri = app.builder.get_relative_uri(docname, page) + anchor
                link = nodes.reference("", title, refuri=uri, internal=True)
                said = nodes.paragraph("", claim), nodes.paragraph("", evidence, classes=["evidence"])
                rows.append(row(said, [nodes.paragraph("", "", link)]))
        head = row([nodes.paragraph("", "Claim and evidence")], [nodes.paragraph("", "Shown in")])
        widths = [nodes.colspec(colwidth=width) for width in (70, 30)]
        group = nodes.tgroup("", *widths, nodes.thead("", head), nodes.tbody("", *rows), cols=2)
        place.replace_self(nodes.table("", group, classes=["claims"]))


def row(*cells):
    """Return a docutils row of cells, each a list of nodes."""
    return nodes.row("", *(nodes.entry("", *cell) for cell in cells))


def mark_languages(app, doctree):
    """Tell browsers, search engines and screen readers the language of each tab."""
    for item in doctree.findall(nodes.container):
        if item.get("design_component") == "tab-item" and item[0].get("sync_id") in LANGUAGES:
            language = LANGUAGES[item[0]["sync_id"]]
            for part in item:
                part["classes"].append(f"language-{language}")  # which docutils writes as lang="…"


def setup(app):
    """Register the extension."""
    app.add_node(claims)
    app.add_directive("claims", Claims)
    app.connect("config-inited", use_cache)
    app.connect("env-updated", pages_with_claims)
    app.connect("doctree-read", mark_languages)
    app.connect("doctree-resolved", fill_claims)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
