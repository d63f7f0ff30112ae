"""Menus and screens over a live image."""

from __future__ import annotations

import numpy as np
import pytest
from textual.geometry import Offset, Region
from textual.widgets import Static

from tests.tui.images.frames import flat_frame, random_frame
from tests.tui.images.live_image_picture import MENU, Menu, PictureApp, Veil, expected, show
from tests.tui.support import TickingClock
from tests.tui.textual.output import on_terminal
from vaevis_tui.terminal.link.link import Link


class TestOverlays:
    async def test_a_widget_on_top_covers_its_part_and_no_more(self) -> None:
        async with on_terminal(PictureApp()) as terminal:
            await show(terminal, random_frame(0))
            patch = Static(id="patch")
            await terminal.app.mount(patch)
            await terminal.pilot.pause()
            for seed in range(3):
                frame = random_frame(seed)
                await show(terminal, frame)
                covered = expected(frame, 40, 12)
                covered[6:10, 4:13] = (0, 0xAA, 0)
                assert (terminal.pixels() == covered).all()
            await patch.remove()
            await terminal.pilot.pause()
            assert (terminal.pixels() == expected(frame, 40, 12)).all()

    async def test_behind_a_screen_it_rests_and_then_shows_the_newest(self) -> None:
        app = PictureApp()
        async with on_terminal(app) as terminal:
            await show(terminal, flat_frame(0xF8, 0x08, 0x88))
            app.push_screen(Veil())
            await terminal.until(lambda: isinstance(app.screen, Veil))
            await terminal.pilot.pause()
            veiled = terminal.pixels()
            assert veiled[11, 17].tolist() == pytest.approx([0x7C, 0x04, 0x44], abs=2)

            rows = app.counter["rows"]
            frames = [random_frame(seed) for seed in range(5)]
            for frame in frames:
                app.image.show(frame)
                await terminal.pilot.pause()
            assert app.counter["rows"] == rows
            assert app.image.slot.dropped == 4
            assert (terminal.pixels() == veiled).all()

            app.pop_screen()
            await terminal.until(lambda: app.image.presented is frames[-1])
            assert (terminal.pixels() == expected(frames[-1], 40, 12)).all()

    async def test_a_menu_costs_its_own_cells(self) -> None:
        app = PictureApp()
        frame = random_frame(0, 48, 64)
        async with on_terminal(app, size=(80, 24)) as terminal:
            await show(terminal, frame)
            await terminal.until(lambda: app.image.exact)
            terminal.pixels()
            await app.push_screen(Menu())
            await terminal.pilot.pause()
            opening = sum(map(len, terminal.driver.written))
            with_menu = expected(frame, 80, 24)
            with_menu[2 * MENU.y : 2 * MENU.bottom, MENU.x : MENU.right] = (0, 0, 0xAA)
            assert (terminal.pixels() == with_menu).all()
            app.pop_screen()
            await terminal.pilot.pause()
            closing = sum(map(len, terminal.driver.written))
            assert (terminal.pixels() == expected(frame, 80, 24)).all()
            assert opening < 20 * MENU.area
            assert closing < 2 * 40 * MENU.area, "each cell of noise takes up to 40 bytes"

    async def test_a_first_image_is_seen_behind_a_menu_that_was_open_before_it(self) -> None:
        app = PictureApp()
        async with on_terminal(app, size=(80, 24)) as terminal:
            await app.push_screen(Menu())
            await terminal.pilot.pause()
            for seed in range(2):  # as a strip whose tiles come one by one
                frame = random_frame(seed, 48, 64)
                app.image.show(frame)
                await terminal.pilot.pause()
                with_menu = expected(frame, 80, 24)
                with_menu[2 * MENU.y : 2 * MENU.bottom, MENU.x : MENU.right] = (0, 0, 0xAA)
                assert (terminal.pixels() == with_menu).all()
            app.pop_screen()
            await terminal.until(lambda: app.image.presented is frame)
            assert (terminal.pixels() == expected(frame, 80, 24)).all()

    async def test_what_a_menu_hid_is_all_that_is_drawn_coarser_on_a_slow_link(self) -> None:
        clock = TickingClock()
        app = PictureApp(clock=clock, link=Link(clock, ceiling=8000))
        frame = random_frame(0, 48, 64)
        async with on_terminal(app, size=(80, 24)) as terminal:
            await show(terminal, frame)
            await terminal.until(lambda: app.image.exact)
            await app.push_screen(Menu())
            await terminal.pilot.pause()
            terminal.pixels()
            app.pop_screen()
            await terminal.until(lambda: terminal.driver.written)
            first = sum(map(len, terminal.driver.written))
            around = expected(frame, 80, 24)
            hidden = np.s_[2 * MENU.y : 2 * MENU.bottom, MENU.x : MENU.right]
            around[hidden] = terminal.pixels()[hidden]
            assert (terminal.pixels() == around).all()
            await terminal.until(lambda: app.image.exact)
            assert first + sum(map(len, terminal.driver.written)) < 2 * 40 * MENU.area
            assert (terminal.pixels() == expected(frame, 80, 24)).all()

    async def test_a_menu_over_a_menu_comes_and_goes(self) -> None:
        app = PictureApp()
        frame = random_frame(0, 48, 64)
        async with on_terminal(app, size=(80, 24)) as terminal:
            await show(terminal, frame)
            await app.push_screen(Menu())
            await app.push_screen(Menu(Offset(30, 3)))
            await terminal.pilot.pause()
            second = Region(30, 3, *MENU.size)
            both = expected(frame, 80, 24)
            for menu in (MENU, second):
                both[2 * menu.y : 2 * menu.bottom, menu.x : menu.right] = (0, 0, 0xAA)
            assert (terminal.pixels() == both).all()
            for left in ([MENU], []):
                app.pop_screen()
                await terminal.pilot.pause()
                shown = expected(frame, 80, 24)
                for menu in left:
                    shown[2 * menu.y : 2 * menu.bottom, menu.x : menu.right] = (0, 0, 0xAA)
                assert (terminal.pixels() == shown).all()
