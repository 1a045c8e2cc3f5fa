"""What is done to the finished pages: nothing inline but what is named in their Content-Security-Policy."""

import base64
import hashlib
import re
import struct
from functools import partial
from pathlib import Path

from course_rl.live.frame import HERE, program

POLICY = ("default-src 'none'; script-src 'self'{hashes}; style-src 'self' 'unsafe-inline'; "
          "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; form-action 'self'; "
          "base-uri 'none'; object-src 'none'")
CHARSET = '<meta charset="utf-8" />'
INLINE = re.compile(r"<script(?![^>]*\b(?:src|type=\"application/json\"))[^>]*>(.*?)</script>", re.S)
AGENT = re.compile(r'<style>(?:(?!<style>).)*?</script><!-- (\w+) -->', re.S)
IMAGE = re.compile(r'<img(?=[^>]*?\ssrc="([^"]*(?:_images|_static)/[^"]*)")[^>]*?(?=\s*/?>)')
HANDLER = re.compile(r'onclick="(\w+(?:\.\w+)*)\(\)"')
UNUSED = ("scripts/fontawesome.js",)  # a megabyte and a half: the style sheet draws the same icons by fonts
SEARCH = ("searchtools.js", "language_data.js", "searchindex.js")  # only the page of results asks the index


def with_size(match, folder):
    """An image that says its size, so that the text below it does not jump when it comes."""
    path = folder / match[1].partition("?")[0]
    if "width=" in match[0] or "height=" in match[0]:
        return match[0]
    if path.suffix == ".svg":
        head = path.read_text(encoding="utf8")[:1500]
        sizes = [re.search(rf'<svg[^>]*?\s{side}="([\d.]+)(pt|px)?"', head) for side in ("width", "height")]
        width, height = (round(float(size[1]) * (4 / 3 if size[2] == "pt" else 1)) for size in sizes)
    else:
        width, height = struct.unpack(">II", path.read_bytes()[16:24])  # of a PNG
    return f'{match[0]} width="{width}" height="{height}"'


def finish_page(html, name, folder):
    """A page as the theme wrote it -> as it is published."""
    html = AGENT.sub(lambda match: program(match[1]), html)  # the cell may have run before it was changed
    html = IMAGE.sub(partial(with_size, folder=folder), html)
    left_out = "|".join(map(re.escape, UNUSED if name == "search.html" else UNUSED + SEARCH))
    html = re.sub(rf'<script[^>]*\bsrc="[^"]*(?:{left_out})[^"]*"[^>]*></script>', "", html)
    html = HANDLER.sub(r'data-call="\1"', html)
    digests = {hashlib.sha256(script.encode()).digest() for script in INLINE.findall(html)}
    hashes = "".join(f" 'sha256-{base64.b64encode(digest).decode()}'" for digest in sorted(digests))
    policy = POLICY.format(hashes=hashes)
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}" />'
    return html.replace(CHARSET, CHARSET + meta, 1)


def finish(app, exception):
    """Finish the pages that this build wrote; drop files that no page loads."""
    if exception is None and app.builder.format == "html":
        out = Path(app.outdir)
        for page in out.rglob("*.html"):
            html = page.read_text(encoding="utf8")
            if CHARSET in html and "Content-Security-Policy" not in html:
                page.write_text(finish_page(html, page.name, page.parent), encoding="utf8")
        left_out = [out / "_static" / name for name in UNUSED]
        for unused in [*out.rglob("*.map"), *out.rglob("*macros.html"), *left_out]:
            unused.unlink(missing_ok=True)


def setup(app):
    """Register it as the last of what happens; other programs of the live agents make all pages anew."""
    programs = b"".join(file.read_bytes() for file in sorted(HERE.glob("*.*s")))
    app.add_config_value("live_programs", hashlib.sha256(programs).hexdigest(), "html")
    app.connect("build-finished", finish, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
