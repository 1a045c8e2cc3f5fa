"""One torch thread in every test process, since two would fight over the cores; a browser for the pages."""

from collections import Counter

import pytest
import torch
from pages import ARGUMENTS, DESKTOP, chromium
from playwright.sync_api import sync_playwright

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def browser():
    """A real Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def context(browser):
    """A reader without a network."""
    context = browser.new_context(viewport=DESKTOP)
    context.set_offline(True)
    yield context
    context.close()


def pytest_terminal_summary(terminalreporter):
    """Print what tests measured (`record_property`), and how many passed in each file."""
    passed = terminalreporter.stats.get("passed", [])
    for report in passed:
        for name, value in report.user_properties:
            terminalreporter.write_line(f"{report.nodeid}: {name}: {value}")
    for file, number in sorted(Counter(report.nodeid.split("::")[0] for report in passed).items()):
        terminalreporter.write_line(f"{number:5} passed in {file}")
