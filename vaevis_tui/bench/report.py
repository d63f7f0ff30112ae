"""The figures of this machine: how fast a model is decoded, encoded and presented, with their spread."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from vaevis_tui.bench.timing import Spread, time_calls
from vaevis_tui.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vaevis_tui.bench.terminal import Presented

ENCODE_SIDE = 128
"""Pixels a side of the image whose encoding is compared with rich-pixels."""


@dataclass(frozen=True, slots=True)
class Results:
    """What `measure` found; times are of one run on one machine and compare only with each other."""

    model: str
    backend: str
    adapter: str
    decode: Spread
    encode: Spread
    encode_rich_pixels: Spread
    presented: Presented | None

    @property
    def encode_ratio(self) -> float:
        """How many times faster than rich-pixels the same image is encoded."""
        return self.encode_rich_pixels.median / self.encode.median


def measure(model: str, backend: str, seconds: float, tune: bool = True) -> Results:
    """Measure decode, encode and presented rates of a model, for about `seconds` each.

    Where wgpu's kernels may be tuned that is done before.

    Raises:
        UserError: the model or the backend is unavailable.
    """
    from vaevis_tui.api import load

    if not 0.1 <= seconds <= 600:
        raise UserError(f"--seconds {seconds:g} is out of range; 0.1 to 600 is right")
    with load(model, backend=backend, tuning="upfront" if tune else "off") as opened:
        points = opened.sample(0, 64)
        decode = time_calls(lambda i: opened.decode(points[i % 64 : i % 64 + 1]), seconds)
        first = opened.decode(opened.space.first_look)[0]
        info = opened.info  # last, since what fails is replaced
    encode, rich = _encoders(photograph(ENCODE_SIDE))
    return Results(
        model=model,
        backend=info.backend,
        adapter=info.adapter,
        decode=decode,
        encode=time_calls(encode, seconds),
        encode_rich_pixels=time_calls(rich, seconds),
        presented=_presented(model, backend, seconds, first, tune),
    )


def photograph(side: int) -> NDArray[np.uint8]:
    """Something like a photograph, uint8 (side, side, 3): waves of colour and grain, no two pixels alike."""
    import numpy as np

    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:side, 0:side] / side
    waves = [np.sin(a * x + b * y + c) for a, b, c in rng.uniform(-9, 9, (3, 3))]
    image = 128 + 80 * np.stack(waves, axis=-1) + rng.normal(0, 8, (side, side, 3))
    return image.clip(0, 255).astype(np.uint8)


def _encoders(image: NDArray[np.uint8]) -> tuple[Callable[[int], object], Callable[[int], object]]:
    """Our encoder and rich-pixels, both from the same image to the text that a terminal gets."""
    import io

    import numpy as np
    from PIL import Image
    from rich.console import Console
    from rich_pixels import Pixels

    from vaevis_tui.terminal.cells.halfblock import HalfBlocks
    from vaevis_tui.terminal.color.colors import ColorMode

    style = HalfBlocks(ColorMode())
    exact, everywhere = style.ladder[0], np.arange(image.shape[0] // 2 * image.shape[1])

    def ours(_: int) -> object:
        return style.render(image, exact, (0, 0, 0)).stream(everywhere, (0, 0))

    def rich_pixels(_: int) -> object:
        file = io.StringIO()
        console = Console(
            file=file, width=ENCODE_SIDE, height=ENCODE_SIDE, force_terminal=True, color_system="truecolor"
        )
        console.print(Pixels.from_image(Image.fromarray(image)))
        return file.getvalue()

    return ours, rich_pixels


def _presented(
    model: str, backend: str, seconds: float, first: NDArray[np.uint8], tune: bool
) -> Presented | None:
    """Windows has no pseudo-terminal of the kind that this asks for."""
    if sys.platform == "win32":
        return None
    from vaevis_tui.bench.terminal import present

    return present(model, backend, seconds, first, tune)


def print_results(results: Results, *, as_json: bool) -> None:
    """Print a table for people, or one JSON object for programs."""
    if as_json:
        print(json.dumps(as_dict(results), indent=2))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("what", "median", "10 %", "99 %", "a second", box=None, pad_edge=False)
    side = f"{ENCODE_SIDE}x{ENCODE_SIDE}"
    timed = [
        (f"decode {results.model}", results.decode),
        (f"encode {side} half-blocks", results.encode),
        (f"encode {side} rich-pixels", results.encode_rich_pixels),
    ]
    if results.presented is not None:
        timed.append(("frame to frame, walking", results.presented.frame))
    for what, figures in timed:
        milliseconds = (f"{value:.2f} ms" for value in (figures.median, figures.p10, figures.p99))
        table.add_row(what, *milliseconds, f"{figures.rate:,.0f}")
    console = Console()
    console.print(f"{results.model} on {results.backend}, {results.adapter}", highlight=False)
    console.print(table)
    for line in _sentences(results):
        console.print(line, highlight=False)


def _sentences(results: Results) -> list[str]:
    lines = [f"half-blocks are encoded {results.encode_ratio:.0f} times faster than by rich-pixels"]
    shown = results.presented
    if shown is not None:
        lines += [
            f"presented {shown.frames_a_second:.1f} frames a second on a pseudo-terminal of "
            f"{shown.columns}x{shown.rows}: {shown.kilobytes_a_frame:.1f} KB each, {shown.dropped} dropped, "
            f"{100 * shown.cpu_share:.0f} % of a core",
            f"command to first image {shown.first_image_s:.2f} s",
            f"resident memory at most {shown.memory_mb:.0f} MB",
        ]
    return lines


def as_dict(results: Results) -> dict[str, Any]:
    """The results and what follows from them, ready for JSON; milliseconds, seconds, kilobytes, megabytes."""
    return {**asdict(results), "encode_ratio": results.encode_ratio, "decode_rate": results.decode.rate}
