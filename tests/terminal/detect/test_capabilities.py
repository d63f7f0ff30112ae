from __future__ import annotations

import pytest

from vaevis_tui.terminal.color.colors import ColorDepth, ColorMode
from vaevis_tui.terminal.detect.capabilities import TerminalCapabilities, detect


def on_a_terminal(**environ: str) -> TerminalCapabilities:
    return detect(environ, stdin_isatty=True, stdout_isatty=True, platform="linux")


@pytest.mark.parametrize(
    ("environ", "truecolor", "reason"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, True, "COLORTERM=truecolor"),
        ({"TERM": "xterm-256color", "COLORTERM": "24bit"}, True, "COLORTERM=24bit"),
        ({"TERM": "xterm-direct"}, True, "TERM=xterm-direct"),
        ({"TERM": "xterm-kitty"}, True, "kitty"),
        ({"TERM": "xterm-ghostty"}, True, "Ghostty"),
        ({"TERM": "foot-extra"}, True, "foot"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, True, "iTerm2"),
        ({"TERM": "xterm-256color", "VTE_VERSION": "7200"}, True, "VTE"),
        ({"TERM": "xterm-256color"}, False, "COLORTERM is not set"),
        ({"TERM": "xterm-256color", "COLORTERM": "yes"}, False, "COLORTERM is not truecolor"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "Apple_Terminal"}, False, "COLORTERM"),
        ({"TERM": "linux"}, False, "TERM=linux"),
        ({"TERM": "xterm-16color"}, False, "TERM=xterm-16color"),
        ({"TERM": "linux", "COLORTERM": "truecolor"}, True, "COLORTERM"),
        ({"TERM": "tmux-256color", "TMUX": "/tmp/x,1,0"}, False, "tmux"),
        ({"TERM": "screen-256color", "STY": "1.pts", "KITTY_WINDOW_ID": "1"}, False, "screen"),
        ({"TERM": "tmux-256color", "TMUX": "/tmp/x,1,0", "COLORTERM": "truecolor"}, True, "COLORTERM"),
    ],
)
def test_truecolor_and_why(environ: dict[str, str], truecolor: bool, reason: str) -> None:
    found = on_a_terminal(**environ)
    assert found.truecolor is truecolor
    assert reason in found.colors_reason
    assert found.refusal is None


@pytest.mark.parametrize(
    ("environ", "brand", "multiplexer"),
    [
        ({"TERM": "xterm-kitty", "KITTY_WINDOW_ID": "1"}, "kitty", None),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, "WezTerm", None),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "vscode"}, "VS Code", None),
        ({"TERM": "xterm-256color", "KONSOLE_VERSION": "220401"}, "Konsole", None),
        ({"TERM": "xterm-256color", "XTERM_VERSION": "XTerm(379)"}, "xterm", None),
        ({"TERM": "linux"}, "Linux console", None),
        ({"TERM": "xterm-256color"}, "unknown", None),
        ({"TERM": "tmux-256color", "TMUX": "/tmp/x", "TERM_PROGRAM": "tmux"}, "unknown", "tmux"),
        ({"TERM": "tmux-256color"}, "unknown", "tmux"),
        ({"TERM": "screen", "STY": "12.pts"}, "unknown", "screen"),
        ({"TERM": "xterm-256color", "ZELLIJ": "0"}, "unknown", "zellij"),
    ],
)
def test_brand_and_multiplexer(environ: dict[str, str], brand: str, multiplexer: str | None) -> None:
    found = on_a_terminal(**environ)
    assert (found.brand, found.multiplexer) == (brand, multiplexer)


@pytest.mark.parametrize(
    ("stdin", "stdout", "term", "words"),
    [
        (False, True, "xterm", ["standard input is not a terminal", "vaevis-tui decode"]),
        (True, False, "xterm", ["standard output is not a terminal", "vaevis-tui decode"]),
        (True, True, "dumb", ["TERM=dumb", "xterm-256color", "vaevis-tui show"]),
        (True, True, "", ["TERM=(not set)", "xterm-256color"]),
    ],
)
def test_refusals_name_what_is_wrong_and_what_would_be_right(
    stdin: bool, stdout: bool, term: str, words: list[str]
) -> None:
    found = detect({"TERM": term}, stdin_isatty=stdin, stdout_isatty=stdout, platform="linux")
    assert found.refusal is not None
    assert "\n" not in found.refusal
    for word in words:
        assert word in found.refusal


def test_who_redirects_standard_error_is_told_that_it_is_drawn_on() -> None:
    found = detect({"TERM": "xterm"}, stdin_isatty=True, stdout_isatty=True, stderr_isatty=False)
    assert found.refusal is not None
    assert found.refusal.startswith("standard error is not a terminal")


@pytest.mark.parametrize("encoding", ["iso-8859-1", "ascii", "no-encoding"])
def test_a_locale_that_cannot_write_what_is_drawn_is_named(encoding: str) -> None:
    found = detect({"TERM": "xterm"}, stdin_isatty=True, stdout_isatty=True, encoding=encoding)
    assert found.refusal is not None
    assert encoding in found.refusal
    assert "LC_ALL=C.UTF-8" in found.refusal


def test_windows_sets_no_term() -> None:
    found = detect({}, stdin_isatty=True, stdout_isatty=True, platform="win32")
    assert found.refusal is None
    assert found.truecolor


def test_all_is_well_with_truecolor() -> None:
    assert on_a_terminal(TERM="xterm-256color", COLORTERM="truecolor").notice is None


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"TERM": "xterm-256color"}, ["256 colours", "COLORTERM=truecolor"]),
        ({"TERM": "tmux-256color", "TMUX": "x"}, ["COLORTERM=truecolor", "tmux.conf", "RGB"]),
        ({"TERM": "xterm-kitty", "NO_COLOR": "1"}, ["greys", "NO_COLOR", "unset"]),
    ],
)
def test_notices_say_what_would_mend_it(environ: dict[str, str], words: list[str]) -> None:
    notice = on_a_terminal(**environ).notice
    assert notice is not None
    assert "\n" not in notice
    for word in words:
        assert word in notice


@pytest.mark.parametrize(
    ("environ", "mode"),
    [
        ({"COLORTERM": "truecolor"}, ColorMode(ColorDepth.TRUECOLOR)),
        ({}, ColorMode(ColorDepth.PALETTE)),
        ({"COLORTERM": "truecolor", "NO_COLOR": "1"}, ColorMode(ColorDepth.TRUECOLOR, grey=True)),
        ({"NO_COLOR": "1"}, ColorMode(ColorDepth.PALETTE, grey=True)),
        ({"COLORTERM": "truecolor", "NO_COLOR": ""}, ColorMode(ColorDepth.TRUECOLOR, grey=True)),
    ],
)
def test_what_to_draw_in(environ: dict[str, str], mode: ColorMode) -> None:
    assert on_a_terminal(TERM="xterm-256color", **environ).colors == mode
