"""Animations, read back by other programs than wrote them, frame by frame; and nothing half-made."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image

from tests.support import require
from tests.terminal.emulator import PixelScreen
from vaevis_tui.api.animations import Animation
from vaevis_tui.api.images import as_images
from vaevis_tui.errors import UserError
from vaevis_tui.export.animation import ENDINGS
from vaevis_tui.export.animation.files import save_animation
from vaevis_tui.export.animation.frames import FrameStream, Resampling, enlarged, resized
from vaevis_tui.export.animation.palette import COLOURS, SharedPalette

COUNT, SIDE = 12, 48


def drawn(grey: bool = False) -> np.ndarray:
    """Frames of soft blobs that move: uint8 (COUNT, SIDE, SIDE, 3)."""
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    turns = 2 * np.pi * np.arange(COUNT)[:, None, None] / COUNT
    channels = [0.5 + 0.5 * np.sin(turns + 3 * x + k * y + k) for k in ((2, 2, 2) if grey else (1, 2, 4))]
    return np.asarray(np.rint(255 * np.stack(channels, axis=-1)), np.uint8)


def stream(frames: np.ndarray, rate: float = 24.0, loop: bool = True) -> FrameStream:
    return FrameStream(lambda: iter(frames), len(frames), rate, loop, frames.shape[1:3])


def grown(frames: np.ndarray, side: int | None, resampling: Resampling = "auto") -> np.ndarray:
    """Frames as a file of that size should show them."""
    return np.stack(list(resized(stream(frames), enlarged(frames.shape[1:3], side, resampling)).take()))


def decoded(path: Path) -> tuple[np.ndarray, list[float]]:
    """Frames and their times in seconds, by FFmpeg's own readers of each format."""
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    return np.stack([frame.to_ndarray(format="rgb24") for frame in frames]), [frame.time for frame in frames]


def levels_off(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.sqrt(np.mean((a.astype(np.float32) - b) ** 2)))


def test_an_animated_png_is_exact(tmp_path: Path) -> None:
    frames = drawn()
    for name in ("a.png", "a.apng"):
        path = save_animation(tmp_path / name, stream(frames), side=SIDE)
        shown, times = decoded(path)
        np.testing.assert_array_equal(shown, frames)
        np.testing.assert_allclose(times, np.arange(COUNT) / 24, atol=0.001)
    with Image.open(path) as image:
        assert image.info["loop"] == 0


@pytest.mark.parametrize("grey", [False, True])
def test_a_gif_has_one_palette_and_is_near_within_it(grey: bool, tmp_path: Path) -> None:
    frames = drawn(grey)
    path = save_animation(tmp_path / "a.gif", stream(frames), side=SIDE)
    shown, times = decoded(path)
    assert shown.shape == frames.shape
    np.testing.assert_allclose(times, np.arange(COUNT) / 24, atol=0.0051)
    assert levels_off(shown, frames) < (0.8 if grey else 8)
    # Mixed over a few pixels, colours between those of the palette are right.
    blocks = (COUNT, SIDE // 8, 8, SIDE // 8, 8, 3)
    mixed, meant = (each.reshape(blocks).mean((2, 4), dtype=np.float64) for each in (shown, frames))
    assert np.abs(mixed - meant).max() < 6
    data = path.read_bytes()
    assert data[10] >> 7 == 1  # a palette for all
    assert len(np.unique(shown.reshape(-1, 3), axis=0)) <= COLOURS
    with Image.open(path) as image:
        assert image.info["loop"] == 0
    assert not any(_local_palettes(data))


def _local_palettes(data: bytes) -> Iterator[bool]:
    """Whether each image of a GIF brings a palette of its own (GIF89a, section 20)."""
    at = 13 + 3 * (2 << (data[10] & 7))
    while data[at] != 0x3B:
        if data[at] == 0x2C:
            yield bool(data[at + 9] >> 7)
            at += 11
        else:
            at += 2
        while data[at]:
            at += data[at] + 1
        at += 1


def test_dithering_does_not_crawl() -> None:
    """A pixel whose colour stays keeps its index, whatever its neighbours do."""
    frames = drawn()
    palette = SharedPalette(list(frames))
    still = frames[0].copy()
    changed = still.copy()
    changed[:4, :4] = 255 - changed[:4, :4]
    before, after = palette.indices(still), palette.indices(changed)
    differs = before != after
    assert differs[:4, :4].any()
    differs[:4, :4] = False
    assert not differs.any()


def test_a_still_background_of_a_gif_stays_to_the_bit(tmp_path: Path) -> None:
    """What does not move must not flicker: it is drawn from the same palette with the same thresholds."""
    background = drawn()[0]
    frames = np.repeat(background[None], COUNT, axis=0)
    moved = np.zeros((COUNT, SIDE, SIDE), bool)
    for number in range(COUNT):
        moved[number, 8:16, 3 * number : 3 * number + 8] = True
    frames[moved] = 255 - frames[moved]
    shown, _ = decoded(save_animation(tmp_path / "a.gif", stream(frames), side=SIDE))
    still = ~moved.any(axis=0)
    assert (shown[:, still] == shown[0, still]).all()
    assert (shown[1:][moved[1:]] != shown[0][None].repeat(COUNT - 1, 0)[moved[1:]]).mean() > 0.5


def test_few_colours_are_kept() -> None:
    flat = np.zeros((16, 16, 3), np.uint8)
    flat[:8] = (200, 30, 90)
    palette = SharedPalette([flat])
    np.testing.assert_array_equal(palette.colours[palette.indices(flat)], flat)


def magick(path: Path) -> np.ndarray:
    """All frames by ImageMagick."""
    program = shutil.which("convert")
    require(program, "convert on the path (Debian: imagemagick)")
    raw = subprocess.run(
        [str(program), f"webp:{path}", "-coalesce", "-depth", "8", "rgb:-"], capture_output=True, check=True
    ).stdout
    return np.frombuffer(raw, np.uint8).reshape(-1, SIDE, SIDE, 3)


def test_webp_is_near_or_exact(tmp_path: Path) -> None:
    frames = drawn()
    near = save_animation(tmp_path / "near.webp", stream(frames), side=SIDE)
    exact = save_animation(tmp_path / "exact.webp", stream(frames), side=SIDE, lossless=True)
    np.testing.assert_array_equal(magick(exact), frames)
    shown = magick(near)
    assert shown.shape == frames.shape
    assert levels_off(shown, frames) < 4


@pytest.mark.parametrize("how", ["nearest", "smooth"])
@pytest.mark.parametrize("ending", ["mp4", "webm"])
def test_video_is_near_in_the_right_colours(ending: str, how: Resampling, tmp_path: Path) -> None:
    frames = drawn()
    path = save_animation(tmp_path / f"a.{ending}", stream(frames, rate=30), side=2 * SIDE, resampling=how)
    reader = imageio_ffmpeg.read_frames(str(path), output_params=["-sws_flags", "accurate_rnd"])
    facts = next(reader)
    assert facts["size"] == (2 * SIDE, 2 * SIDE)
    assert facts["fps"] == 30
    shown = np.stack([np.frombuffer(raw, np.uint8).reshape(2 * SIDE, 2 * SIDE, 3) for raw in reader])
    wanted = grown(frames, 2 * SIDE, how)
    assert shown.shape == wanted.shape
    assert levels_off(shown, wanted) < 6
    with av.open(str(path)) as container:
        context = container.streams.video[0].codec_context
        assert (context.colorspace, context.color_primaries, context.color_trc) == (1, 1, 1)
        assert container.streams.video[0].average_rate == Fraction(30)


def test_sides_of_video_are_even(tmp_path: Path) -> None:
    frames = drawn()[:, :47, :33]
    path = save_animation(tmp_path / "a.mp4", stream(frames), side=47)
    assert decoded(path)[0].shape == (COUNT, 48, 34, 3)


def test_a_cast_draws_what_is_decoded(tmp_path: Path) -> None:
    frames = drawn()
    z = np.arange(COUNT, dtype=np.float32)[:, None]
    animation = Animation(lambda z: as_images(frames[z[:, 0].astype(int)]), z, (SIDE, SIDE), 10, loop=False)
    path = animation.save(tmp_path / "a.cast", columns=SIDE, title="blobs")
    header, *events = [json.loads(line) for line in path.read_text().splitlines()]
    assert header == {"version": 2, "width": SIDE, "height": SIDE // 2, "title": "blobs"}
    assert [time for time, _, _ in events] == [round(k / 10, 6) for k in range(COUNT + 1)]
    screen = PixelScreen(SIDE, SIDE // 2)
    for frame, (_, kind, text) in zip(frames, events, strict=False):
        assert kind == "o"
        screen.feed(text)
        np.testing.assert_array_equal(screen.pixels(), frame)


def test_a_cast_sends_only_what_changes(tmp_path: Path) -> None:
    frames = drawn()[:1].repeat(3, 0)
    frames[2, :2, :2] = 0
    z = np.arange(3, dtype=np.float32)[:, None]
    animation = Animation(lambda z: as_images(frames[z[:, 0].astype(int)]), z, (SIDE, SIDE))
    path = animation.save(tmp_path / "a.cast", columns=SIDE)
    first, second, third, _ = (len(json.loads(line)[2]) for line in path.read_text().splitlines()[1:])
    assert first > 10_000
    assert second < 10
    assert third < 200


@pytest.mark.slow
@pytest.mark.parametrize("ending", ENDINGS)
def test_the_same_frames_give_the_same_bytes(ending: str, tmp_path: Path) -> None:
    frames = drawn()
    z = np.arange(COUNT, dtype=np.float32)[:, None]
    animation = Animation(lambda z: as_images(frames[z[:, 0].astype(int)]), z, (SIDE, SIDE))
    first, second = (animation.save(tmp_path / f"{name}{ending}").read_bytes() for name in "ab")
    assert first == second
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"a{ending}", f"b{ending}"]


@pytest.mark.slow
def test_a_video_does_not_depend_on_what_was_in_memory(tmp_path: Path) -> None:
    program = """
import sys
from pathlib import Path
import numpy as np
from tests.export.test_animation import COUNT, SIDE, as_images, drawn
from vaevis_tui.api.animations import Animation
frames, z = drawn(), np.arange(COUNT, dtype=np.float32)[:, None]
Animation(lambda z: as_images(frames[z[:, 0].astype(int)]), z, (SIDE, SIDE)).save(Path(sys.argv[1]))
"""
    written = []
    for filled in ("1", "85", "170"):
        path = tmp_path / f"{filled}.mp4"
        environ = {**os.environ, "MALLOC_PERTURB_": filled}  # glibc fills what it hands out
        subprocess.run([sys.executable, "-c", program, str(path)], env=environ, check=True)
        written.append(path.read_bytes())
    assert written[0] == written[1] == written[2]


def test_lengths_add_up_at_any_rate() -> None:
    for rate in (7, 24, 23.976, 30, 50):
        lengths = stream(np.zeros((1000, 8, 8, 3), np.uint8), rate).durations(0.01)
        assert abs(sum(lengths) - 1000 / rate * 100) <= 0.5
        assert max(lengths) - min(lengths) <= 1


def test_small_images_keep_their_pixels_and_large_ones_are_smooth() -> None:
    small = drawn()[:1, :28, :28]
    (frame,) = grown(small, None)
    np.testing.assert_array_equal(frame, small[0].repeat(10, 0).repeat(10, 1))
    large = np.zeros((1, 128, 128, 3), np.uint8)
    large[:, :, 64:] = 255
    (frame,) = grown(large, 512)
    assert len(np.unique(frame)) > 2
    (frame,) = grown(large, 512, "nearest")
    assert frame.shape == (512, 512, 3)
    assert len(np.unique(frame)) == 2


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("a.avi", {}, "must end in .gif, .webp, .png, .apng, .mp4, .webm, .cast"),
        ("a.gif", {"side": 4}, "a size of 4 is out of range"),
        ("a.gif", {"side": 9000}, "a size of 9000 is out of range"),
        ("no/folder/a.gif", {}, "does not exist"),
        ("there.gif", {}, "exists; name another file, or replace it with --force"),
    ],
)
def test_what_cannot_be_written_leaves_nothing(
    name: str, options: dict[str, int], said: str, tmp_path: Path
) -> None:
    (tmp_path / "there.gif").write_bytes(b"mine")
    with pytest.raises(UserError) as refusal:
        save_animation(tmp_path / name, stream(drawn()), side=options.get("side"))
    assert said in str(refusal.value)
    assert [path.name for path in tmp_path.iterdir()] == ["there.gif"]
    assert (tmp_path / "there.gif").read_bytes() == b"mine"


def test_too_much_for_memory_is_refused_before_anything_is_decoded(tmp_path: Path) -> None:
    def never() -> Iterator[np.ndarray]:
        raise AssertionError("decoded")

    for ending in ("gif", "webp", "png"):
        many = FrameStream(never, 10_000, 24, True, (2048, 2048))
        with pytest.raises(UserError, match="10000 frames of 2048 x 2048 pixels are too many"):
            save_animation(tmp_path / f"a.{ending}", many, side=2048)


def test_a_gif_that_would_be_too_fast(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="at most 50 frames a second, not 60"):
        save_animation(tmp_path / "a.gif", stream(drawn(), rate=60))


def test_frames_are_decoded_while_those_before_are_written() -> None:
    frames = drawn().repeat(9, 0)
    decoding, running = [threading.Event() for _ in range(4)], threading.Event()

    def decode(z: np.ndarray) -> object:
        running.set()
        decoding[int(z[0, 0]) // 32].set()
        images = as_images(frames[z[:, 0].astype(int)])
        running.clear()
        return images

    z = np.arange(len(frames), dtype=np.float32)[:, None]
    taken = Animation(decode, z, (SIDE, SIDE)).frames()  # type: ignore[arg-type]
    np.testing.assert_array_equal(next(taken), frames[0])
    assert decoding[1].wait(10)
    np.testing.assert_array_equal(np.stack([next(taken) for _ in range(31)]), frames[1:32])
    assert not decoding[2].is_set()  # no further than what is written next, whatever the video's length
    np.testing.assert_array_equal(next(taken), frames[32])
    taken.close()
    assert not running.is_set()  # its decoder may be closed now


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_failure_in_the_middle_leaves_nothing(ending: str, tmp_path: Path) -> None:
    frames = drawn()

    def decode(z: np.ndarray) -> object:
        if z[0, 0] > 0:
            raise KeyboardInterrupt
        return as_images(frames.repeat(3, 0)[: len(z)])

    z = np.arange(3 * COUNT, dtype=np.float32)[:, None]
    animation = Animation(decode, z, (SIDE, SIDE))  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        animation.save(tmp_path / f"a{ending}")
    assert list(tmp_path.iterdir()) == []


def test_video_without_its_library_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "av", None)
    with pytest.raises(UserError, match=r"video needs PyAV, .* pip install 'vaevis-tui\[video\]'"):
        save_animation(tmp_path / "a.mp4", stream(drawn()))
    save_animation(tmp_path / "a.gif", stream(drawn()))
