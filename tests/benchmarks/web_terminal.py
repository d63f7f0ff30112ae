"""The terminal app in a browser beside the served page: images a second while walking.

    python -m tests.benchmarks.web_terminal [--model dog] [--rounds 3] [--seconds 6]

`vaevis-tui serve --terminal` and `vaevis-tui serve` walk in turns in the same headless Chromium, which draws
in software where there is no GPU, in a window that has room for 128 columns and 36 rows. A frame of the
terminal counts once it came; the app sends the next ones when xterm.js has answered that it drew it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, ViewportSize, sync_playwright

from tests.web.conftest import ARGUMENTS, chromium
from tests.web.pages import opened, until

PROGRAM = [sys.executable, "-m", "vaevis_tui", "serve", "--port", "0"]

WINDOW: ViewportSize = {"width": 1160, "height": 700}

COUNT = """
    window.frames_come = 0;
    const end = "\\x1b[6n"; // asks where the cursor is: the answer acknowledges a frame
    const Socket = window.WebSocket;
    window.WebSocket = class extends Socket {
        constructor(...all) {
            super(...all);
            this.addEventListener("message", ({ data }) => {
                if (typeof data === "string") return;
                window.frames_come += new TextDecoder().decode(data).split(end).length - 1;
            });
        }
    };
"""

RATE = """async (seconds) => {
    const start = performance.now(), before = window.frames_come;
    while (performance.now() - start < 1000 * seconds) await new Promise(requestAnimationFrame);
    return (window.frames_come - before) / (performance.now() - start) * 1000;
}"""

WALK = """async (seconds) => {
    const canvas = document.getElementById("image").getContext("2d");
    const put = canvas.putImageData;
    let drawn = 0;
    canvas.putImageData = (...image) => { drawn++; put.apply(canvas, image); };
    document.getElementById("walk").click();
    const start = performance.now();
    while (performance.now() - start < 1000 * seconds) await new Promise(requestAnimationFrame);
    return drawn / (performance.now() - start) * 1000;
}"""


@contextmanager
def served(model: str, *arguments: str) -> Iterator[str]:
    """The address at which the program serves a model."""
    command = [*PROGRAM, "--model", model, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        try:
            yield program.stdout.readline().split()[2]
        finally:
            program.terminate()


def drawn_by_the_terminal(browser: Browser, model: str, seconds: float) -> float:
    """Frames a second."""
    with served(model, "--terminal") as address:
        page = browser.new_page(viewport=WINDOW)
        page.add_init_script(COUNT)
        page.goto(address)
        until(page, "window.frames_come > 2")
        page.keyboard.press("w")
        page.evaluate(RATE, 1.0)
        rate = float(page.evaluate(RATE, seconds))
        page.close()
    return rate


def drawn_by_the_page(browser: Browser, model: str, seconds: float) -> float:
    """Images a second."""
    with served(model) as address:
        page = browser.new_page(viewport=WINDOW)
        opened(page, address)
        rate = float(page.evaluate(WALK, seconds))
        page.close()
    return rate


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="dog")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=6)
    options = parser.parse_args(arguments)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        for _ in range(options.rounds):
            terminal = drawn_by_the_terminal(browser, options.model, options.seconds)
            page = drawn_by_the_page(browser, options.model, options.seconds)
            print(
                f"the terminal shows {terminal:.0f} frames a second, the page {page:.0f} images", flush=True
            )
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
