"""How a decode service replaces a decoder: failures, upgrades, and images that are wrong."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.engine.service.support import TIMEOUT, EngineEvent, Start, StubDecoder, fails_with, source
from vaevis_tui.engine.decoder import Decoder, EngineError
from vaevis_tui.engine.service import DecodeService
from vaevis_tui.engine.source import DecoderSource, Frame
from vaevis_tui.errors import UserError

# ---- failures ----


def test_a_failed_device_is_replaced_and_the_image_still_comes(start: Start, news: EngineEvent) -> None:
    first, humble = StubDecoder("gpu"), StubDecoder("humble")
    reasons = []

    def fallback(reason: str) -> Decoder:
        reasons.append(reason)
        return humble

    worker = start(source(first, fallback=fallback))
    worker.submit([1, 0])
    news.opened()
    news.frame()
    first.failure = EngineError("device lost")
    worker.submit([2, 0], "tag")
    assert news.opened().backend == "humble"
    frame = news.frame()
    assert (frame.number, frame.z[0], frame.tag) == (2, 2, "tag")
    assert reasons == ["device lost"]
    assert first.closed.is_set()
    assert worker.info == humble.info


def test_after_a_failure_the_latest_z_still_wins(start: Start, news: EngineEvent) -> None:
    first, humble = StubDecoder("gpu"), StubDecoder("humble")
    first.go_on.clear()
    first.failure = EngineError("device lost")
    worker = start(source(first, fallback=lambda reason: humble))
    news.opened()
    worker.submit([1, 0])
    first.wait_until_decoding()
    worker.submit([2, 0])
    first.go_on.set()
    news.opened()
    assert news.frame().z[0] == 2
    assert humble.decoded == [2]


def test_a_device_that_does_not_open_is_replaced(start: Start, news: EngineEvent) -> None:
    worker = start(DecoderSource(fails_with(EngineError("no memory")), lambda reason: StubDecoder(reason)))
    worker.submit([1, 0])
    assert news.opened().backend == "no memory"
    news.frame()


def test_what_the_user_can_mend_is_no_reason_to_fall_back(start: Start, news: EngineEvent) -> None:
    start(DecoderSource(fails_with(UserError("no driver")), lambda reason: StubDecoder()))
    assert str(news.error()) == "no driver"


@pytest.mark.parametrize("fallback", [None, fails_with(EngineError("gone too"))])
def test_nothing_left_to_fall_back_on(
    start: Start, news: EngineEvent, fallback: Callable[[str], Decoder] | None
) -> None:
    stub = StubDecoder()
    stub.failure = EngineError("device lost")
    worker = start(source(stub, fallback=fallback))
    news.opened()
    worker.submit([1, 0])
    assert str(news.error()) == ("device lost" if fallback is None else "gone too")
    assert worker.info is None
    assert stub.closed.is_set()
    worker.open(source(StubDecoder("other")))
    assert news.opened().backend == "other"
    worker.submit([2, 0])
    assert news.frame().z[0] == 2


def test_a_fallback_that_fails_is_not_tried_again(start: Start, news: EngineEvent) -> None:
    first, humble = StubDecoder("gpu"), StubDecoder("humble")
    first.failure = humble.failure = EngineError("broken")
    worker = start(source(first, fallback=lambda reason: humble))
    news.opened()
    worker.submit([1, 0])
    news.opened()
    assert str(news.error()) == "broken"
    assert worker.info is None


# ---- upgrades ----


def test_a_better_decoder_takes_over_when_it_is_ready(start: Start, news: EngineEvent) -> None:
    humble, better = StubDecoder("humble"), StubDecoder("better")
    asked, ready = threading.Event(), threading.Event()

    def upgrade(_: Frame) -> Decoder:
        asked.set()
        assert ready.wait(TIMEOUT)
        return better

    worker = start(source(humble, upgrade=upgrade))
    news.opened()
    assert not asked.is_set()
    worker.submit([1, 0])
    news.frame()
    assert asked.wait(TIMEOUT)
    worker.submit([2, 0])
    assert news.frame().z[0] == 2
    assert humble.decoded == [1, 2]
    ready.set()
    assert news.opened().backend == "better"
    assert humble.closed.is_set()
    worker.submit([3, 0])
    news.frame()
    assert better.decoded == [3]


def test_why_there_is_no_better_decoder_is_said(start: Start, news: EngineEvent) -> None:
    humble = StubDecoder("humble")
    worker = start(source(humble, upgrade=fails_with(EngineError("no shader"))))
    worker.submit([1, 0])
    assert news.opened().reason == ""
    news.frame()
    assert news.opened().reason == "no shader"
    assert worker.info is not None
    assert worker.info.backend == "humble"
    worker.submit([2, 0])
    assert news.frame().z[0] == 2


def test_a_better_decoder_that_fails_is_replaced(start: Start, news: EngineEvent) -> None:
    humble, better, again = StubDecoder("humble"), StubDecoder("better"), StubDecoder("again")
    better.failure = EngineError("device lost")
    worker = start(source(humble, upgrade=lambda frame: better, fallback=lambda reason: again))
    worker.submit([1, 0])
    news.opened()
    news.frame()
    assert news.opened().backend == "better"
    worker.submit([2, 0])
    assert news.opened().backend == "again"
    assert news.frame().z[0] == 2
    news.assert_none()


def test_a_better_decoder_of_a_former_model_is_closed(start: Start, news: EngineEvent) -> None:
    first, better, second = StubDecoder("first"), StubDecoder("better"), StubDecoder("second")
    ready = threading.Event()

    def upgrade(_: Frame) -> Decoder:
        assert ready.wait(TIMEOUT)
        return better

    worker = start(source(first, upgrade=upgrade))
    worker.submit([1, 0])
    news.opened()
    news.frame()
    worker.open(source(second))
    assert news.opened().backend == "second"
    ready.set()
    assert better.closed.wait(TIMEOUT)
    worker.submit([2, 0])
    assert news.frame().z[0] == 2
    assert second.decoded == [2]


def test_a_better_decoder_that_comes_after_closing_is_closed(news: EngineEvent) -> None:
    better = StubDecoder("better")
    ready = threading.Event()

    def upgrade(_: Frame) -> Decoder:
        assert ready.wait(TIMEOUT)
        return better

    worker = DecodeService(source(StubDecoder(), upgrade=upgrade), news.put, news.put)
    worker.submit([1, 0])
    news.frame()
    worker.close()
    ready.set()
    assert better.closed.wait(TIMEOUT)


# ---- checks ----


def test_a_first_image_that_is_wrong_has_the_decoder_replaced(start: Start, news: EngineEvent) -> None:
    """Whatever was shown last is decoded anew."""
    wrong, humble = StubDecoder("gpu"), StubDecoder("humble")
    judged: queue.Queue[tuple[float, int]] = queue.Queue()
    go_on = threading.Event()

    def check(z: NDArray[np.float32], image: NDArray[np.uint8]) -> None:
        judged.put((float(z[0]), int(image[0, 0, 0])))
        assert go_on.wait(TIMEOUT)
        raise EngineError("wrong images")

    worker = start(source(wrong, fallback=lambda reason: humble, check=check))
    worker.submit([1, 0])
    news.opened()
    news.frame()
    assert judged.get(timeout=TIMEOUT) == (1, 1)
    worker.submit([2, 0], "tag")
    assert news.frame().z[0] == 2
    go_on.set()
    assert news.opened().backend == "humble"
    frame = news.frame()
    assert (frame.number, frame.z[0], frame.tag) == (3, 2, "tag")
    assert wrong.closed.is_set()
    assert judged.empty()


def test_a_first_image_that_is_right_changes_nothing(start: Start, news: EngineEvent) -> None:
    judged = threading.Event()
    worker = start(source(StubDecoder(), check=lambda z, image: judged.set()))
    worker.submit([1, 0])
    news.opened()
    news.frame()
    assert judged.wait(TIMEOUT)
    worker.submit([2, 0])
    assert news.frame().z[0] == 2
    news.assert_none()


def test_a_check_of_a_former_model_changes_nothing(start: Start, news: EngineEvent) -> None:
    go_on, raised = threading.Event(), threading.Event()

    def check(z: NDArray[np.float32], image: NDArray[np.uint8]) -> None:
        assert go_on.wait(TIMEOUT)
        raised.set()
        raise EngineError("wrong images")

    worker = start(source(StubDecoder("first"), fallback=fails_with(AssertionError()), check=check))
    worker.submit([1, 0])
    news.opened()
    news.frame()
    worker.open(source(StubDecoder("second")))
    assert news.opened().backend == "second"
    go_on.set()
    assert raised.wait(TIMEOUT)
    worker.submit([2, 0])
    assert news.frame().z[0] == 2
    assert worker.info is not None
    assert worker.info.backend == "second"


def test_a_fault_of_a_check_is_told_and_survived(start: Start, news: EngineEvent) -> None:
    def check(z: NDArray[np.float32], image: NDArray[np.uint8]) -> None:
        raise RuntimeError("a fault of the check")

    worker = start(source(StubDecoder(), check=check))
    worker.submit([1, 0])
    news.opened()
    news.frame()
    assert str(news.error()) == "a fault of the check"
    worker.submit([2, 0])
    assert news.frame().z[0] == 2
