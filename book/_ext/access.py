"""What the theme leaves out for readers with a screen reader: landmarks, names, table headers, languages."""

import re
from html.parser import HTMLParser
from pathlib import Path

HAN, CYRILLIC = "\u3400-\u9fff", "\u0400-\u04ff"
FOREIGN = re.compile(  # from the first foreign letter in a line to the last
    f"(?P<zh>[{HAN}](?:[^\n{CYRILLIC}]*[{HAN}])?[。？！）]*)|(?P<ru>[{CYRILLIC}](?:[^\n{HAN}]*[{CYRILLIC}])?)")
TAGS = {"zh": "zh-CN", "ru": "ru"}
ENGLISH = re.compile(r"[A-Za-z]{2,}[^\n]* [^\n]*[A-Za-z]{2,}")
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
PLAIN = {"math", "option", "script", "style", "svg", "textarea", "title"}  # no <span> may stand in these

REPAIRS = [(re.compile(pattern), repair) for pattern, repair in [
    # The logo and the search button stand in a landmark, and dialogs have a name.
    (r'<div id="pst-primary-sidebar" ', r'\g<0>role="region" aria-label="Book" '),
    (r'<dialog id="pst-primary-sidebar-modal"', r'\g<0> aria-label="Book"'),
    (r'<dialog id="pst-secondary-sidebar-modal"', r'\g<0> aria-label="Contents"'),
    (r'<dialog id="pst-search-dialog"', r'\g<0> aria-label="Search"'),
    # An entry of the bibliography is an item of a list; the role that docutils gives it was withdrawn.
    (r'role="doc-biblioentry"', 'role="listitem"'),
    # A corner without words is no header; what stands below it are the headers of the rows.
    (r'<th class="head(?: stub)?">\s*(?:<p></p>)?\s*</th>', "<td></td>"),
    (r'<th class="stub">', '<th class="stub" scope="row">'),
    # A tab set is a group of radio buttons, and says what they choose.
    (r'<div class="sd-tab-set docutils">(?=\s*<input[^>]*>\s*<label[^>]*data-sync-group="lang")',
     '<div class="sd-tab-set docutils" role="group" aria-label="Language">'),
    (r'<div class="sd-tab-set docutils">(?=\s*<input[^>]*>\s*<label[^>]*data-sync-group="system")',
     '<div class="sd-tab-set docutils" role="group" aria-label="Operating system">'),
]]


class Languages(HTMLParser):
    """Copies a page; wraps Chinese and Russian in English, and English links in them, in <span lang="…">."""

    def __init__(self):
        super().__init__(convert_charrefs=False)
        self.page, self.open = [], [("", "en")]  # open: the elements around, each (tag, language)

    def handle_starttag(self, tag, attrs):
        self.page.append(self.get_starttag_text())
        if tag not in VOID:
            self.open.append((tag, dict(attrs).get("lang") or self.open[-1][1]))

    def handle_startendtag(self, tag, attrs):
        self.page.append(self.get_starttag_text())

    def handle_endtag(self, tag):
        self.page.append(f"</{tag}>")
        if any(name == tag for name, _ in self.open):
            while self.open.pop()[0] != tag:
                pass

    def handle_data(self, data):
        around, language = {tag for tag, _ in self.open}, self.open[-1][1]
        if around & PLAIN:
            pass
        elif language == "en":
            data = FOREIGN.sub(lambda run: f'<span lang="{TAGS[run.lastgroup]}">{run[0]}</span>', data)
        elif "a" in around and not FOREIGN.search(data):
            data = ENGLISH.sub(r'<span lang="en">\g<0></span>', data)
        self.page.append(data)

    def handle_entityref(self, name):
        self.page.append(f"&{name};")

    def handle_charref(self, name):
        self.page.append(f"&#{name};")

    def handle_comment(self, data):
        self.page.append(f"<!--{data}-->")

    def handle_decl(self, decl):
        self.page.append(f"<!{decl}>")


def repair(html):
    """A page -> the same page, accessible."""
    for pattern, better in REPAIRS:
        html = pattern.sub(better, html)
    languages = Languages()
    languages.feed(html)
    languages.close()
    return "".join(languages.page)


def head_rows(app, doctree):
    """Where the upper left corner of a table is empty, its first column names the rows."""
    for head in doctree.findall(lambda node: node.tagname == "thead"):
        if head[0] and not head[0][0].astext():
            head.parent[0]["stub"] = 1


def repair_pages(app, exception):
    """Repair every page that this build wrote: those of an earlier one have their policy already."""
    if exception is None and app.builder.format == "html":
        for page in Path(app.outdir).rglob("*.html"):
            html = page.read_text(encoding="utf8")
            if "_static" not in page.relative_to(app.outdir).parts and "Content-Security-Policy" not in html:
                page.write_text(repair(html), encoding="utf8")


def setup(app):
    """Register the extension."""
    app.connect("doctree-read", head_rows)
    app.connect("build-finished", repair_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
