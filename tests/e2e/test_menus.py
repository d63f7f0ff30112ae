"""What menus over an image cost on the terminal."""

from __future__ import annotations

import sys
import time

from tests.benchmarks.menus import CELL, menu_costs
from tests.e2e.harness.ptyharness import PtySession

TEXT = 8_000
"""Bytes for the text that a menu hid, and for statistics that come meanwhile."""
READABLE = 0.4
"""Seconds beyond the round trip in which a menu is readable at 1 Mbit/s."""
BUSY = 2.0
"""Seconds that a busy machine may add, which runs program, relay and emulator on two cores."""


def test_a_menu_costs_its_own_cells() -> None:
    for cost in menu_costs():
        assert cost.opening <= 40_000, cost
        assert cost.closing <= 2 * CELL * cost.covered + TEXT, cost


def test_a_menu_is_readable_soon_in_a_walk_over_a_slow_network() -> None:
    relay = ["-m", "tests.link.relay", "--megabits", "1", "--round-trip", "0.05", "--"]
    program = [sys.executable, "-m", "vaevis_tui", "--model", "dog", "--backend", "onnxruntime", "--walk"]
    environment = {"SSH_CONNECTION": "192.0.2.1 50000 192.0.2.2 22"}
    with PtySession([sys.executable, *relay, *program], 200, 70, env=environment) as session:
        session.wait_for_text("walk 1.5")
        session.pump_for(2.0)
        pressed = time.perf_counter()
        session.press("?")
        session.wait_for(lambda: b"Esc closes" in session.raw, "the help")
        assert time.perf_counter() - pressed <= 0.05 + READABLE + BUSY
        session.wait_for_text("Esc closes")
        session.press("escape")
        session.wait_for(lambda: "Esc closes" not in session.text, "the help to close")
        session.press("q")
        assert session.wait_exit() == 0
