"""Frames that cannot go yet, a limited rate, and what is measured."""

from __future__ import annotations

import time

import pytest

from tests.tui.images.frames import random_frame
from tests.tui.images.live_image_picture import PictureApp, expected
from tests.tui.textual.output import StallingDriver, on_terminal
from vaevis_tui.terminal.link.link import Link


class TestPacing:
    async def test_frames_that_cannot_go_are_dropped_unencoded_and_the_newest_is_shown(self) -> None:
        app = PictureApp()
        frames = [random_frame(seed) for seed in range(10)]
        async with on_terminal(app, stalling=True) as terminal:
            driver = terminal.driver
            assert isinstance(driver, StallingDriver)
            for frame in frames:
                app.image.show(frame)
                await terminal.pilot.pause()
            assert app.drawn == driver.stalled == 2
            assert app.image.slot.dropped == 7
            assert app.image.presented is None

            driver.release()
            await terminal.until(lambda: app.drawn == 3)
            assert app.image.presented is frames[0]
            assert (terminal.pixels() == expected(frames[-1], 40, 12)).all()

            driver.release()
            driver.release()
            await terminal.until(lambda: app.image.presented is frames[-1])
            assert app.seen == [frames[0], frames[1], frames[9]]
            assert app.drawn == 3

    async def test_the_rate_is_limited_and_the_last_frame_is_shown_when_due(self) -> None:
        app = PictureApp(clock=time.perf_counter)
        frames = [random_frame(seed) for seed in range(20)]
        async with on_terminal(app) as terminal:
            for frame in frames:
                app.image.show(frame)
            assert app.drawn <= 2
            await terminal.until(lambda: app.image.presented is frames[-1])
            assert app.drawn <= 3

    async def test_after_being_suspended_nothing_is_waited_for_in_vain(self) -> None:
        app = PictureApp()
        async with on_terminal(app, stalling=True) as terminal:
            driver = terminal.driver
            assert isinstance(driver, StallingDriver)
            for seed in range(3):
                app.image.show(random_frame(seed))
            app.app_suspend_signal.publish(app)
            while driver.stalled:
                driver._marks.pop()
            last = random_frame(9)
            app.image.show(last)
            assert app.drawn == 2
            app.app_resume_signal.publish(app)
            driver.release()
            await terminal.until(lambda: app.image.presented is last)

    async def test_the_end_is_not_put_off_by_what_waits(self) -> None:
        """Textual drops updates at the end; an image that drew for them in vain would do so for ever."""
        app = PictureApp()
        async with on_terminal(app, stalling=True) as terminal:
            for seed in range(4):
                app.image.show(random_frame(seed))
            await terminal.pilot.pause()
            assert app.image.slot.waiting
            app.screen_writer.deferred = True
            with app.batch_update():
                app.image.port.advance()
                assert app.image.message_queue_size == 0  # it does not ask to be called once more
            app.image.port.advance()
            assert not app.screen_writer.deferred

    async def test_the_meter_hears_of_everything(self) -> None:
        clock = StillClock()
        link = Link(clock, window=1, max_rate=1e9)
        app = PictureApp(link=link, clock=clock)
        async with on_terminal(app, stalling=True) as terminal:
            driver = terminal.driver
            assert isinstance(driver, StallingDriver)
            for seed in range(3):
                clock.now += 0.01
                app.image.show(random_frame(seed))
            driver.release(seconds=0.003, size=4321)
            await terminal.until(lambda: app.image.presented is not None)
            stats = app.image.meter.snapshot()
            assert (stats.fps, stats.dropped, stats.frame_bytes) == (1, 1, 4321)
            assert stats.decode is not None
            assert stats.decode.median == pytest.approx(2)
            assert stats.write is not None
            assert stats.write.median == pytest.approx(3)
            assert stats.draw is not None


class StillClock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now
