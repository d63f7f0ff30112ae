"""The panel at the widths it is shown at, every row read as text."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.models.make import encoder_model, write_bundle
from tests.tui.support import exploring, make_settings
from vaevis_tui.engine.decoder import DecoderInfo
from vaevis_tui.engine.select import decoder_source
from vaevis_tui.models.bundle import open_bundle
from vaevis_tui.terminal.link.link import LinkStats
from vaevis_tui.terminal.link.meter import FrameStats, Spread
from vaevis_tui.tui.panels.details import Details

STATS = FrameStats(
    fps=57,
    dropped=12,
    decode=Spread(0.82, 1.33),
    draw=Spread(3.1, 12.34),
    write=Spread(0.3, 123.4),
    frame_bytes=14_400,
    frame_times=(16.7,) * 60,
)
LINK = LinkStats(
    in_flight=4, window=14, round_trip=0.0512, bytes_per_second=828_000, capacity=1.2e6, answering=True
)
INFO = DecoderInfo("onnxruntime", "CPUExecutionProvider", "float32", 28, 28, 28, 1, "there is no GPU")


def rows(width: int, link: LinkStats | None = LINK, stats: FrameStats | None = STATS) -> list[str]:
    panel = Details()
    for name, value in {
        "statistics": stats,
        "link": link,
        "quality": "a quarter of the cells",
        "decoder": INFO,
        "model": "mnist",
        "walk": (True, 1.5),
    }.items():
        panel.set_reactive(getattr(Details, name), value)
    return panel._rows(width).plain.split("\n")


@pytest.mark.parametrize("width", [62, 78, 100, 118, 198])
def test_everything_the_link_knows_is_there_at_any_width(width: int) -> None:
    text = rows(width)
    assert len(text) == 3
    assert max(map(len, text)) <= width
    whole = "\n".join(text)
    for part in ("57 fps", "12 dropped", "in flight", "RTT 51.2 ms", "828 KB/s", "a quarter of the cells"):
        assert part in whole, whole
    for part in ("decode", "draw", "write", "0.82", "1.33", "123", "walk 1.5 σ/s"):
        assert part in whole, whole
    if width >= 78:
        assert "onnxruntime CPU" in whole
        assert "mnist 28d" in whole


@pytest.mark.parametrize("width", [62, 78, 118])
def test_only_digits_move(width: int) -> None:
    slow = FrameStats(
        3, 0, Spread(1500, 2500), Spread(0.01, 0.02), Spread(10, 20), 900, frame_times=(300.0,) * 3
    )
    there = LinkStats(0, 1, 0.005, 1_000, None, True)
    for one, other in zip(rows(width), rows(width, there, slow), strict=True):
        for label in ("decode", "draw", "write", "walk", "mnist", "onnxruntime"):
            assert one.find(label) == other.find(label)


@pytest.mark.parametrize(
    ("link", "words"),
    [
        (LinkStats(0, 2, None, 0, None, False), "0 KB/s  no ack"),
        (LinkStats(0, 2, None, 99_000, 125e3, False), "99 KB/s  rate-limited"),
    ],
)
def test_an_unknown_round_trip_says_why(link: LinkStats, words: str) -> None:
    assert words in "\n".join(rows(78, link))


def test_nothing_known_yet() -> None:
    assert "idle" in rows(78, None, None)[0]


async def test_at_rest_the_last_times_stay() -> None:
    async with exploring(size=(120, 36)) as explorer:
        await explorer.press("i", "right")
        details = explorer.screen.query_one(Details)
        details.statistics = STATS  # no pause from here on, in which the explorer's own would come between
        details.statistics = replace(STATS, fps=0, decode=None, draw=None, write=None, frame_bytes=None)
        text = details.render().plain
        assert "idle" in text
        assert "0.82" in text
        assert " – " not in text


async def test_what_was_taken_for_granted_of_an_encoder_is_told(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "model", 4)
    blind = encoder_model(np.zeros((28 * 28, 4), np.float32), (1, 28, 28))
    (folder / "encoder.onnx").write_bytes(blind.SerializeToString())
    settings = make_settings(
        model=str(folder),
        open_bundle=open_bundle,
        decoder_source=lambda bundle, _: decoder_source(bundle, "onnxruntime"),
    )
    async with exploring(settings) as explorer:
        details = explorer.screen.query_one(Details)
        await explorer.press("i")
        await explorer.until(
            lambda: "its encoder does not find the decoder's own images" in details.render().plain
        )
        await explorer.pilot.pause()
        assert details.region.height == 3 + len(details.note_lines(80)) > 3
        await explorer.press("i")
        assert not details.display


def test_long_notes_take_two_lines() -> None:
    panel = Details()
    panel.set_reactive(Details.model, "cats")
    panel.set_reactive(Details.notes, tuple(f"clause {number}" for number in range(30)))
    lines = panel.note_lines(80)
    assert len(lines) == 2
    assert max(map(len, lines)) <= 78
    assert lines[0].startswith("cats: clause 0; clause 1;")
    assert lines[1].endswith("…")
    assert len(panel._rows(78).plain.split("\n")) == 5
