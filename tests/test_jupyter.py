"""The chapters in Jupyter: as the notebooks that a reader takes home, and in the JupyterLab of `make lab`."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request

import jupytext
import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell
from pages import CHAPTERS, HTML, ROOT, until

NOTEBOOKS = HTML / "notebooks"
QUICKEST = "chapters/mdp"
COMPLETE = 300_000  # milliseconds to wait for all cells of the quickest chapter: machines are shared
SOLVED = """\
def returns_to_go(reward, ended, gamma):
    total = torch.zeros_like(reward[:, 0])
    result = torch.zeros_like(reward)
    for t in reversed(range(reward.shape[1])):
        total = reward[:, t] + gamma * ~ended[:, t] * total
        result[:, t] = total
    return result


rl.check("returns-across-episodes", returns_to_go)"""
LIVE = """\
curve, _ = rl.q_learning("FrozenLake-v1", seeds=2, steps=2_000, sub_envs=4, gamma=GAMMA, tests=4,
                         test_episodes=5, probe=lambda values: values(torch.arange(16)[None]))
rl.live.grid(curve, "FrozenLake-v1", gamma=GAMMA)"""


def code(notebook):
    """The sources of the code cells."""
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_notebook_is_the_chapter_after_one_line_that_installs(chapter):
    name = chapter.removeprefix("chapters/")
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    install, *cells = code(notebook)
    assert cells == code(jupytext.read(ROOT / f"{chapter}.md"))
    _, _, wheel, *more = re.fullmatch(r"(%pip install) (-q) (\S+)((?: [\w-]+)*)", install).groups()
    assert (NOTEBOOKS / wheel).exists() and wheel in notebook.cells[0].source
    assert ("ale-py" in more[0]) == any("course_rl.atari" in cell for cell in cells)
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert "../img" not in text
    assert all((NOTEBOOKS / name).exists() for name in re.findall(r"img/[\w-]+\.svg", text))
    assert not any(cell.get("outputs") for cell in notebook.cells)


def test_notebook_runs_where_there_is_no_repository(tmp_path):
    """Installed from the wheel beside it, for which its other packages are there already."""
    folder, site = tmp_path / "notebooks", tmp_path / "site"
    shutil.copytree(NOTEBOOKS, folder)
    notebook = nbformat.read(folder / "mdp.ipynb", as_version=4)
    install = next(cell for cell in notebook.cells if cell.cell_type == "code")
    wheel = install.source.split()[3]
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", site, wheel]
    subprocess.run(pip, cwd=folder, check=True)
    notebook.cells.remove(install)
    where = "import sys\nprint([m.__file__ for n, m in sys.modules.items() if n.startswith('course_rl')])"
    notebook.cells.append(new_code_cell(where))
    client = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": folder}})
    client.execute(env=os.environ | {"PYTHONPATH": str(site), "TQDM_DISABLE": "1"})
    files = re.findall(r"'(.+?)'", notebook.cells[-1].outputs[0].text)
    assert len(files) > 20 and all(file.startswith(str(site)) for file in files)


@pytest.fixture
def lab(tmp_path):
    """The address of the JupyterLab that `make lab` starts, in a copy of the book that may be written to."""
    book = tmp_path / "book"
    book.mkdir()
    for name in ("chapters", "img"):
        shutil.copytree(ROOT / name, book / name)
    for name in ("Makefile", "pyproject.toml", "constraints.txt", "requirements.txt", "requirements-lab.txt"):
        shutil.copy2(ROOT / name, book)
    (book / ".venv").symlink_to(ROOT / ".venv")
    assert not subprocess.run(["make", "-q", ".venv/.lab"], cwd=book).returncode, "run: make .venv/.lab"

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = "the-test"
    options = f"--no-browser --allow-root --port={port} --ServerApp.port_retries=0 --ServerApp.token={token}"
    settings = tmp_path / "settings" / "@jupyterlab"
    for name, value in {  # all cells are in the page, and no dialog asks
        "notebook-extension/tracker": {"windowingMode": "none"},
        "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    }.items():
        path = settings / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value))
    environment = os.environ | {
        "IPYTHONDIR": str(tmp_path), "JUPYTER_DATA_DIR": str(tmp_path / "data"), "TQDM_DISABLE": "1",
        "JUPYTERLAB_SETTINGS_DIR": str(settings.parent),
        "JUPYTERLAB_WORKSPACES_DIR": str(tmp_path / "workspaces"),
    }
    with subprocess.Popen(["make", "lab", f"LAB={options}"], cwd=book, env=environment, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True) as server:
        try:
            said = []
            for line in server.stdout:
                said.append(line)
                if "is running at" in line:
                    break
            assert "is running at" in said[-1], "".join(said)
            address = f"http://127.0.0.1:{port}"
            yield f"{address}/lab?token={token}"
            stop = urllib.request.Request(f"{address}/api/shutdown?token={token}", method="POST")
            urllib.request.urlopen(stop).close()
            server.stdout.read()
            assert server.wait(60) == 0
        finally:
            if server.poll() is None:
                os.killpg(server.pid, signal.SIGKILL)


def test_make_lab_opens_a_chapter_runs_it_and_answers(browser, lab):
    tab = browser.new_page(viewport={"width": 1300, "height": 1000})
    tab.set_default_timeout(90_000)
    tab.goto(lab)
    files = tab.locator(".jp-DirListing-item")
    files.filter(has_text="chapters").dblclick()
    files.filter(has_text="mdp.md").dblclick()
    cells = tab.locator(".jp-Notebook .jp-CodeCell")
    n = len(code(jupytext.read(ROOT / f"{QUICKEST}.md")))
    tab.locator(".jp-Notebook .jp-Exercise, .jp-Notebook aside").first.wait_for()

    tab.get_by_role("menuitem", name="Run", exact=True).click()
    tab.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    last = cells.nth(n - 1)
    last.get_by_text("This page ran in").wait_for(timeout=COMPLETE)
    assert cells.count() == n
    assert not tab.locator(".jp-Notebook [data-mime-type='application/vnd.jupyter.error']").count()

    exercise = cells.filter(has_text='rl.check("returns-across-episodes"')
    assert "Not yet" in exercise.locator(".jp-OutputArea").inner_text()
    write(tab, exercise, SOLVED)
    exercise.get_by_text("Correct on").wait_for()

    tab.keyboard.press("Escape")  # the live agent in the output of a new cell
    tab.keyboard.press("b")
    cell = tab.locator(".jp-CodeCell.jp-mod-active")
    write(tab, cell, LIVE)
    agent = tab.locator(".rl-live")
    play = agent.get_by_role("button", name="Play", exact=True)
    play.wait_for()
    before = agent.inner_text()
    play.click()
    until(tab, "before => document.querySelector('.rl-live').innerText != before", before)
    tab.close()


def write(tab, cell, source):
    """Put source in place of what stands in a cell, as a reader would, and run it."""
    cell.locator(".cm-content").click()
    tab.keyboard.press("Control+a")
    tab.keyboard.insert_text(source)
    tab.keyboard.press("Control+Enter")
