"""What the terminal can do, as far as the environment tells."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass

from vaevis_tui.terminal.color.colors import ColorDepth, ColorMode

_BRAND_OF_TERM_PROGRAM = {
    "apple_terminal": "Apple Terminal",
    "ghostty": "Ghostty",
    "hyper": "Hyper",
    "iterm.app": "iTerm2",
    "rio": "Rio",
    "tabby": "Tabby",
    "vscode": "VS Code",
    "warpterminal": "Warp",
    "wezterm": "WezTerm",
}

_BRAND_OF_TERM = {
    "alacritty": "Alacritty",
    "contour": "Contour",
    "foot": "foot",
    "linux": "Linux console",
    "rio": "Rio",
    "rxvt-unicode": "rxvt-unicode",
    "st": "st",
    "wezterm": "WezTerm",
    "xterm-ghostty": "Ghostty",
    "xterm-kitty": "kitty",
}
"""By what TERM is, or begins with before a hyphen."""

_BRAND_OF_VARIABLE = {
    "KITTY_WINDOW_ID": "kitty",
    "GHOSTTY_RESOURCES_DIR": "Ghostty",
    "WEZTERM_PANE": "WezTerm",
    "ALACRITTY_WINDOW_ID": "Alacritty",
    "KONSOLE_VERSION": "Konsole",
    "WT_SESSION": "Windows Terminal",
    "VTE_VERSION": "VTE (GNOME Terminal and its kin)",
}

TRUECOLOR_BRANDS = frozenset({*_BRAND_OF_TERM_PROGRAM.values(), *_BRAND_OF_TERM.values()}).union(
    _BRAND_OF_VARIABLE.values()
) - {"Apple Terminal", "Linux console", "rxvt-unicode"}
"""Brands whose every release of the last five years draws 24-bit colours (https://github.com/termstandard/colors)."""

_COLORTERM_TRUECOLOR = frozenset({"truecolor", "24bit"})

_SIXTEEN_COLORS = frozenset({"ansi", "cons25", "linux", "pcansi", "wsvt25"})
"""Values of TERM, or what it begins with before a hyphen, of consoles that draw no more than 16 colours."""

_MULTIPLEXER_RGB = {
    "tmux": "and, in tmux.conf, set -as terminal-features ',*:RGB'",
    "screen": "and, in .screenrc of screen 5, truecolor on",
    "zellij": "",
}


@dataclass(frozen=True, slots=True)
class TerminalCapabilities:
    """What a terminal can do, with the reasons.

    Attributes:
        brand: The terminal's name, or ``"unknown"``; inside a multiplexer what its environment was born with.
        term: The value of TERM.
        multiplexer: ``"tmux"``, ``"screen"`` or ``"zellij"`` if one stands between, else None.
        colors: What images should be drawn in.
        colors_reason: Why, one clause.
        refusal: Why the explorer cannot run here and what would be right, one line; None if it can.
        notice: What is not as good as it could be and what would mend it, one line; None if nothing.
    """

    brand: str
    term: str
    multiplexer: str | None
    colors: ColorMode
    colors_reason: str
    refusal: str | None
    notice: str | None

    @property
    def truecolor(self) -> bool:
        """Whether 24-bit colours are drawn."""
        return self.colors.depth is ColorDepth.TRUECOLOR

    @property
    def dumb(self) -> bool:
        """Whether the terminal cannot move its cursor."""
        return self.term in {"dumb", "unknown"}


def detect(
    environ: Mapping[str, str],
    *,
    stdin_isatty: bool,
    stdout_isatty: bool,
    stderr_isatty: bool = True,
    encoding: str = "utf-8",
    platform: str = sys.platform,
) -> TerminalCapabilities:
    """Conclude from the environment what the terminal can do; nothing is asked of the terminal itself.

    Args:
        environ: The environment variables.
        stdin_isatty: Whether keys come from a terminal.
        stdout_isatty: Whether standard output is a terminal.
        stderr_isatty: Whether standard error is one, where the explorer draws.
        encoding: Of what is drawn, by the locale.
        platform: As ``sys.platform``.
    """
    term = environ.get("TERM", "").strip()
    brand = _brand(environ, term)
    multiplexer = _multiplexer(environ, term)
    depth, reason = _color_depth(environ, term, brand, multiplexer, platform)
    # https://no-color.org asks for a value that is not empty, Textual, which draws the rest, for any.
    colors = ColorMode(depth, grey="NO_COLOR" in environ)
    return TerminalCapabilities(
        brand=brand,
        term=term,
        multiplexer=multiplexer,
        colors=colors,
        colors_reason=reason,
        refusal=_refusal(term, (stdin_isatty, stdout_isatty, stderr_isatty), encoding, platform),
        notice=_notice(colors, multiplexer),
    )


def _brand(environ: Mapping[str, str], term: str) -> str:
    by_program = _BRAND_OF_TERM_PROGRAM.get(environ.get("TERM_PROGRAM", "").lower())
    by_term = _BRAND_OF_TERM.get(term) or _BRAND_OF_TERM.get(term.partition("-")[0])
    by_variable = next((brand for name, brand in _BRAND_OF_VARIABLE.items() if environ.get(name)), None)
    by_version = "xterm" if environ.get("XTERM_VERSION") else None
    return by_program or by_term or by_variable or by_version or "unknown"


def _multiplexer(environ: Mapping[str, str], term: str) -> str | None:
    if environ.get("TMUX") or term.startswith("tmux"):
        return "tmux"
    if environ.get("ZELLIJ") is not None:
        return "zellij"
    if environ.get("STY") or term.startswith("screen"):
        return "screen"
    return None


def _color_depth(
    environ: Mapping[str, str], term: str, brand: str, multiplexer: str | None, platform: str
) -> tuple[ColorDepth, str]:
    colorterm = environ.get("COLORTERM", "").strip().lower()
    if colorterm in _COLORTERM_TRUECOLOR:
        return ColorDepth.TRUECOLOR, f"COLORTERM={colorterm}"
    if term.endswith("-direct"):
        return ColorDepth.TRUECOLOR, f"TERM={term}"
    if term.endswith("-16color") or term.partition("-")[0] in _SIXTEEN_COLORS:
        return ColorDepth.SIXTEEN, f"TERM={term}"
    if multiplexer:
        return ColorDepth.PALETTE, f"inside {multiplexer}, which has not set COLORTERM"
    if brand in TRUECOLOR_BRANDS:
        return ColorDepth.TRUECOLOR, f"{brand} draws 24-bit colours"
    if platform == "win32":
        return ColorDepth.TRUECOLOR, "the Windows console draws 24-bit colours since Windows 10 1703"
    return ColorDepth.PALETTE, "COLORTERM is not truecolor" if colorterm else "COLORTERM is not set"


def _refusal(term: str, are_terminals: tuple[bool, bool, bool], encoding: str, platform: str) -> str | None:
    instead = "run it in a terminal, or use: vaevis-tui decode --out FILE.png"
    stdin, stdout, stderr = are_terminals
    if not stdin:
        return f"standard input is not a terminal, so no key could be read; {instead}"
    if not stdout:
        return f"standard output is not a terminal, so nothing could be drawn; {instead}"
    if not stderr:
        return f"standard error is not a terminal, and that is where it draws; leave out 2>, or {instead}"
    if term in {"dumb", "unknown"} or (not term and platform != "win32"):
        return (
            f"TERM={term or '(not set)'} names a terminal that cannot move its cursor; run it in another "
            "terminal, set TERM to what this one is (say TERM=xterm-256color), or use: vaevis-tui show"
        )
    if not encodes("▀", encoding):
        return (
            f"the locale writes {encoding}, which has no block elements to draw with; set LC_ALL=C.UTF-8, "
            "or use: vaevis-tui show"
        )
    return None


def encodes(text: str, encoding: str) -> bool:
    """Whether an encoding has all the characters of a text."""
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _notice(colors: ColorMode, multiplexer: str | None) -> str | None:
    if colors.grey:
        return "Drawn in greys because NO_COLOR is set; unset it for colours."
    if colors.depth is ColorDepth.SIXTEEN:
        return "Drawn in 16 colours, all that TERM promises; COLORTERM=truecolor promises more."
    if colors.depth is ColorDepth.PALETTE:
        extra = _MULTIPLEXER_RGB.get(multiplexer or "", "")
        return (
            "Drawn in 256 colours; if this terminal draws 24-bit colours, set COLORTERM=truecolor"
            f"{' ' + extra if extra else ''}."
        )
    return None
