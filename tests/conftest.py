"""One torch thread in every test process, since two would fight over the cores; a browser for the pages."""

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
