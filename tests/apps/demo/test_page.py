"""The page of `timesuite demo` in a browser: upload, ask, seek, follow up, errors; no other server is used."""

import asyncio
import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

pytest.importorskip("gradio")
pytest.importorskip("playwright")

import httpx
from playwright import async_api

from tests.support import sample_videos
from tests.support.paths import ROOT

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    """The page in a process of its own: gradio leaves event loops and sockets to the garbage collector."""
    video = tmp_path_factory.mktemp("videos") / "chosen.mp4"
    video.write_bytes(sample_videos.numbered_video(60, rate=12.0))
    command = [sys.executable, "-m", "tests.support.served_page", str(video)]
    path = os.pathsep.join([str(ROOT), *sys.path])
    with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": path}, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.kill()


@contextlib.asynccontextmanager
async def _opened(url: str) -> AsyncIterator[async_api.Page]:
    """The page in a browser.

    The asynchronous interface: greenlets of the other one break CPython 3.11's compilation of later imports.
    """
    async with async_api.async_playwright() as started:
        browser = await started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = await browser.new_page(viewport={"width": 1200, "height": 1000})
        await page.goto(url)
        yield page
        await browser.close()


async def ask(page, question):
    await page.get_by_label("Question", exact=True).fill(question)
    await page.get_by_role("button", name="Ask", exact=True).click()


async def use_the_page(url, video, screenshot):
    """Uploads, asks, clicks and asks again; returns the addresses that were fetched, and errors of the page."""
    requested, problems = [], []
    async with _opened(url) as page:
        page.on("request", lambda one: requested.append(one.url))
        page.on("pageerror", lambda error: problems.append(str(error)))
        await page.reload()
        await page.get_by_text("quickstart/run, step 1600").wait_for()
        await ask(page, "When?")
        await page.locator("#timesuite-answer .error").get_by_text("Upload a video").wait_for()
        await page.locator("#timesuite-player input[type=file]").set_input_files(str(video))
        player = page.locator("#timesuite-player video")
        await player.wait_for()
        await ask(page, "When is it <b>red</b>?")
        card = page.locator("#timesuite-answer")
        await card.get_by_text("after 0 questions").wait_for()
        assert await card.locator(".question").inner_text() == "When is it <b>red</b>?"
        await page.locator("#timesuite-timeline img").wait_for()
        assert await player.evaluate("v => v.currentTime") < 1
        await card.get_by_role("button").nth(1).click()
        await page.wait_for_function("document.querySelector('#timesuite-player video').currentTime >= 3")
        await page.get_by_label("follow on from earlier questions").check()
        await ask(page, "And then?")
        await card.get_by_text("after 1 questions").wait_for()
        await page.locator("#timesuite-history").get_by_text("When is it <b>red</b>?").wait_for()
        await page.screenshot(path=screenshot, full_page=True)
        await ask(page, "bad")
        await card.get_by_text("the question is <bad>; ask another").wait_for()
    return requested, problems


async def choose_a_video(url):
    async with _opened(url) as page:
        await page.get_by_label("or choose one").click()
        await page.get_by_role("option", name="chosen.mp4").click()
        await page.locator("#timesuite-player video").wait_for()
        await ask(page, "When?")
        await page.locator("#timesuite-answer").get_by_text("after 0 questions").wait_for()


@pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium; `apt-get install chromium`")
def test_the_page_in_a_browser(url, tmp_path):
    video = tmp_path / "own.mp4"
    video.write_bytes(sample_videos.numbered_video(60, rate=12.0))
    requested, problems = asyncio.run(use_the_page(url, video, tmp_path / "page.png"))
    assert (tmp_path / "page.png").stat().st_size > 10_000
    elsewhere = [one for one in requested if not one.startswith((url, "data:", f"blob:{url}"))]
    assert requested and not elsewhere and not problems
    asyncio.run(choose_a_video(url))


def test_other_files_are_not_served(url):
    for path in ("/etc/passwd", str(Path(__file__)), "../../etc/passwd"):
        assert httpx.get(f"{url}gradio_api/file={path}").status_code in (403, 404)
