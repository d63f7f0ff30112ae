"""The app in a browser's terminal beside the served page: images a second while walking.

    python -m tests.benchmarks.web_terminal [--model dog] [--size 120x40] [--seconds 6]

What the app writes on a pseudo-terminal while it walks is drawn again by xterm.js, which textual-serve shows
an app with, as fast as it can; the page of `vaevis-tui serve` walks in the same Chromium, which draws in
software here.
"""

from __future__ import annotations

import argparse
import base64
import subprocess
import sys

from playwright.sync_api import Browser, sync_playwright

from tests.e2e.ptyharness import PtySession
from tests.web.conftest import ARGUMENTS, chromium
from tests.web.pages import node_package, opened

END = b"\x1b[?2026l"
"""What ends a frame: a synchronized update."""

PROGRAM = [sys.executable, "-m", "vaevis_tui"]

DRAW = """async ([columns, rows, seconds, texts]) => {
    const terminal = new Terminal({ cols: columns, rows });
    terminal.open(document.body);
    const frames = texts.map((text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)));
    const start = performance.now();
    let drawn = 0;
    while (performance.now() - start < 1000 * seconds) {
        await new Promise((done) => terminal.write(frames[drawn++ % frames.length], done));
        await new Promise(requestAnimationFrame);
    }
    return drawn / (performance.now() - start) * 1000;
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


def written(model: str, columns: int, rows: int, seconds: float) -> list[bytes]:
    """Frames that the app writes to a terminal in so many seconds of a walk."""
    with PtySession([*PROGRAM, "--model", model], columns, rows, emulate=False) as session:
        session.wait_for_frames(2)
        before = len(session.raw)
        session.press("w")
        session.pump_for(seconds)
        return [part + END for part in session.raw[before:].split(END)][:-1]


def drawn_by_xterm(browser: Browser, frames: list[bytes], size: tuple[int, int], seconds: float) -> float:
    """Frames a second."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    folder = node_package("@xterm/xterm")
    page.add_style_tag(path=folder / "css/xterm.css")
    page.add_script_tag(path=folder / "lib/xterm.js")
    texts = [base64.b64encode(frame).decode() for frame in frames]
    rate = float(page.evaluate(DRAW, [*size, seconds, texts]))
    page.close()
    return rate


def drawn_by_the_page(browser: Browser, model: str, seconds: float) -> float:
    """Images a second."""
    command = [*PROGRAM, "serve", "--model", model, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        opened(page, program.stdout.readline().split()[2])
        rate = float(page.evaluate(WALK, seconds))
        page.close()
        program.terminate()
    return rate


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="dog")
    parser.add_argument("--size", default="120x40")
    parser.add_argument("--seconds", type=float, default=6)
    options = parser.parse_args(arguments)
    columns, rows = map(int, options.size.split("x"))
    frames = written(options.model, columns, rows, options.seconds)
    print(f"the app writes {len(frames) / options.seconds:.0f} frames a second", flush=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        rate = drawn_by_xterm(browser, frames, (columns, rows), options.seconds)
        print(f"xterm.js draws {rate:.0f} of them a second", flush=True)
        rate = drawn_by_the_page(browser, options.model, options.seconds)
        print(f"the served page shows {rate:.0f} images a second", flush=True)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
