"""A network and a terminal at its end, simulated, with a clock that nobody waits for.

The program's side is what the port and live images do with `FrameScheduler`, `Link`, `Adaptation` and
`CellSurface`, without Textual: a walk shows a new frame 60 times a second, and keys are pressed meanwhile.
Output joins a queue that the network serves at its rate, without end, as the buffers of pseudo-terminals,
sshd and TCP together are; so whatever is sent too early is late at the terminal, and the latency of keys
tells.
"""

from __future__ import annotations

import heapq
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import ceil
from statistics import median

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.terminal.cells.halfblock import HalfBlocks
from vaevis_tui.terminal.cells.surface import CellSurface
from vaevis_tui.terminal.color.colors import ColorMode
from vaevis_tui.terminal.link.adaptation import Adaptation
from vaevis_tui.terminal.link.link import Link
from vaevis_tui.terminal.link.scheduler import MAIN, FrameScheduler, FrameSlot, Turn
from vaevis_tui.terminal.surface import Update

FRAME_RATE = 60
DECODING = 0.01
"""Seconds from a point to its picture."""
BESIDE = 600
"""Bytes that bars and statistics take with each picture."""
KEY_INTERVAL = 0.23

_ACK_REQUEST = re.compile(r"\x1b\[(\d+);(\d+)H\x1b\[6n")


@dataclass(frozen=True)
class Network:
    """What lies between program and terminal.

    Attributes:
        bits_per_second: Towards the terminal.
        round_trip: Seconds, half of them each way.
        jitter: Most seconds that each piece of output or answer is late by chance; nothing overtakes.
        answers: Whether the terminal answers.
        refresh: Seconds from one look of the terminal at what has come to the next; 0 for at once.
    """

    bits_per_second: float
    round_trip: float
    jitter: float = 0.0
    answers: bool = True
    refresh: float = 0.0


@dataclass
class Result:
    """What came of a run.

    Attributes:
        presented: Times at which a picture was on the terminal's screen whole, refinements not counted.
        latencies: Seconds from each press of a key to a picture that knows of it, whole on the screen.
        in_flight: Images under way after each was sent, and the window when it was.
        sent: Bytes.
        output: All that was written, in order.
        qualities: Time and name of the quality of each picture.
        sizes: Time and bytes of each picture.
        exact_at: When the last picture was on the screen as it is; None if it never was.
        second_at: Times at which a part of the second image was on the screen.
        second_sizes: Bytes of each.
        second_exact_at: As `exact_at`, of the second image.
    """

    seconds: float
    presented: list[float] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    in_flight: list[tuple[int, int]] = field(default_factory=list)
    sent: int = 0
    output: list[str] = field(default_factory=list)
    qualities: list[tuple[float, str]] = field(default_factory=list)
    sizes: list[tuple[float, int]] = field(default_factory=list)
    exact_at: float | None = None
    second_at: list[float] = field(default_factory=list)
    second_sizes: list[int] = field(default_factory=list)
    second_exact_at: float | None = None

    @property
    def rate(self) -> float:
        """Images a second."""
        return len(self.presented) / self.seconds

    @property
    def latency(self) -> tuple[float, float]:
        """Median and 99th percentile in seconds."""
        ordered = sorted(self.latencies)
        return median(ordered), ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]


def walk(side: int = 128, count: int = 240, seed: int = 1) -> list[NDArray[np.uint8]]:
    """Images as a walk through the latent space of photographs has them: soft shapes that turn into others.

    Each is a sum of waves of all lengths, strong where long, which change their places and weights.
    """
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side] / side
    waves = []
    for frequency in (1, 1, 2, 2, 3, 4, 6, 8, 12, 16, 24):
        angle, phase, speed = rng.uniform(0, 2 * np.pi, 3)
        color = rng.normal(0, 1, 3) * 0.5 + 1
        waves.append((frequency, np.cos(angle) * x + np.sin(angle) * y, phase, speed / 2, color))
    pictures = []
    for t in np.arange(count) / FRAME_RATE:
        total = np.zeros((side, side, 3), np.float32)
        for frequency, along, phase, speed, color in waves:
            wave = np.sin(2 * np.pi * frequency * along + phase + speed * t)
            total += (wave / frequency**0.9)[..., None] * color
        pictures.append(np.clip(128 + 34 * total, 0, 255).astype(np.uint8))
    return pictures


class _LiveImage:
    """What a live image does, without a widget: it draws its newest frame at the left edge of the screen."""

    def __init__(
        self,
        pictures: list[NDArray[np.uint8]],
        priority: int,
        top: int,
        link: Link,
        clock: Callable[[], float],
    ) -> None:
        self.pictures = pictures
        self.gives_way = priority > MAIN
        self.adaptation = Adaptation(link, clock)
        self.slot = FrameSlot(
            priority,
            is_exact=lambda: self.adaptation.exact,
            is_whole=lambda: self.adaptation.whole or not self.gives_way,
        )
        height, width, _ = pictures[0].shape
        self._surface = CellSurface(HalfBlocks(ColorMode()), height // 2, width)
        self._top = top
        self.picture = self._painted = pictures[0]
        self.keys = 0
        """Keys that the newest frame knows of."""

    def plan(self, turn: Turn) -> Update:
        draw: Callable[..., Update]
        if not turn.refines:
            self._painted = self.picture
        if self.gives_way and not (turn.refines and self.adaptation.whole):
            draw = partial(self.adaptation.part, seconds=turn.seconds)
        else:
            draw = self.adaptation.refinement if turn.refines else self.adaptation.frame
        return draw(self._surface, self._painted, (self._top, 0), (0, 0, 0))


class _Simulation:
    def __init__(
        self,
        network: Network,
        pictures: list[NDArray[np.uint8]],
        seconds: float,
        rest: float,
        link: Callable[[Callable[[], float]], Link],
        second: list[NDArray[np.uint8]] | None,
    ) -> None:
        self.now = 0.0
        self.network = network
        self.result = Result(seconds)
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = 0
        self._chance = random.Random(0)
        self._walk_ends, self._ends = seconds, seconds + rest
        self._link = link(self.clock)
        self._scheduler = FrameScheduler(self._link, self.clock)
        self._images = [_LiveImage(pictures, MAIN, 0, self._link, self.clock)]
        if second:
            below = len(pictures[0]) // 2
            self._images.append(_LiveImage(second, MAIN + 1, below, self._link, self.clock))
        for image in self._images:
            self._scheduler.add(image.slot)
        self._number = 0
        self._pressed: list[float] = []
        self._heard = 0  # keys that the program knows of
        self._seen = 0  # keys that the screen knows of
        self._way_free_at = 0.0
        self._arrives_at = self._answers_at = 0.0
        self._woken_at: float | None = None

    def clock(self) -> float:
        return self.now

    def at(self, time: float, action: Callable[[], None]) -> None:
        self._order += 1
        heapq.heappush(self._events, (time, self._order, action))

    def run(self) -> Result:
        frames = int(self._walk_ends * FRAME_RATE)
        for frame in range(frames):
            self.at(frame / FRAME_RATE, partial(self._decode, frame))
        for key in range(1, int(self._walk_ends / KEY_INTERVAL)):
            self.at(key * KEY_INTERVAL, self._press)
        while self._events and self._events[0][0] <= self._ends:
            self.now, _, action = heapq.heappop(self._events)
            action()
        return self.result

    # The terminal's side

    def _press(self) -> None:
        self._pressed.append(self.now)
        self.at(self.now + self.network.round_trip / 2 + self._jitter(), self._hear)

    def _jitter(self) -> float:
        return self._chance.uniform(0, self.network.jitter)

    def _transmit(self, text: str, size: int, image: _LiveImage, refines: bool) -> None:
        """Put output on the way; questions are answered when what is before them has come."""
        done = 0
        for question in _ACK_REQUEST.finditer(text):
            self._pass(len(text[done : question.end()].encode()))
            done = question.end()
            if self.network.answers:
                row, column = map(int, question.groups())
                self._answers_at = max(
                    self._answers_at, self._arrives_at + self.network.round_trip / 2 + self._jitter()
                )
                self.at(self._answers_at, partial(self._acknowledge, row, column))
        self._pass(size - len(text[:done].encode()))
        self.at(self._arrives_at, partial(self._see, image, image.keys, refines))

    def _pass(self, size: int) -> None:
        begin = max(self.now, self._way_free_at)
        self._way_free_at = begin + 8 * size / self.network.bits_per_second
        arrives = self._way_free_at + self.network.round_trip / 2 + self._jitter()
        if self.network.refresh:
            arrives = ceil(arrives / self.network.refresh) * self.network.refresh
        self._arrives_at = max(self._arrives_at, arrives)

    def _see(self, image: _LiveImage, keys: int, refines: bool) -> None:
        if image.gives_way:
            self.result.second_at.append(self.now)
            if self.now > self._walk_ends and image.adaptation.exact and self.result.second_exact_at is None:
                self.result.second_exact_at = self.now
            return
        if not refines:
            self.result.presented.append(self.now)
        for key in range(self._seen, keys):
            self.result.latencies.append(self.now - self._pressed[key])
        self._seen = max(self._seen, keys)
        if self.now > self._walk_ends and image.adaptation.exact and self.result.exact_at is None:
            self.result.exact_at = self.now

    # The program's side

    def _hear(self) -> None:
        self._heard += 1

    def _decode(self, frame: int) -> None:
        self.at(self.now + DECODING, partial(self._offer, frame, self._heard))

    def _offer(self, frame: int, keys: int) -> None:
        for image in self._images:
            image.picture = image.pictures[frame % len(image.pictures)]
            image.keys = keys
            self._scheduler.offer(image.slot)
        self._advance()

    def _acknowledge(self, row: int, column: int) -> None:
        number = self._link.acknowledged(row, column)
        if number is not None:
            self._link.presented(number)
        self._advance()

    def _advance(self) -> None:
        """As `TerminalPort` does."""
        while (upcoming := self._scheduler.next()) is not None:
            turn, pause = upcoming
            if pause > 1e-9:
                self._wake_after(pause)
                return
            self._send(turn)

    def _wake_after(self, delay: float) -> None:
        if self._woken_at is None or self._woken_at <= self.now or self.now + delay < self._woken_at:
            self._woken_at = self.now + delay
            self.at(self._woken_at, self._advance)

    def _send(self, turn: Turn) -> None:
        image = next(image for image in self._images if image.slot is turn.slot)
        self._number += 1
        number = self._number
        update = image.plan(turn)
        requests = [self._link.ack_request(number, before=before) for before in (True, False)]
        text = f"{requests[0]}{update.text}{requests[1]}"
        size = len(text.encode()) + (0 if image.gives_way else BESIDE)
        window = self._link.window
        self._link.sent(number, size, background=image.gives_way)
        self._scheduler.sent(turn)
        self.result.sent += size
        self.result.output.append(text)
        if image.gives_way:
            self.result.second_sizes.append(size)
        else:
            frames = sum(not frame.background for frame in self._link.in_flight)
            self.result.in_flight.append((frames, window))
            self.result.sizes.append((self.now, size))
            quality = image.adaptation.quality
            assert quality is not None
            self.result.qualities.append((self.now, quality.name))
        self._transmit(text, size, image, turn.refines)
        if self._link.written(number, size) is not None or not self.network.answers:
            self.at(self.now, self._advance)


def simulate(
    network: Network,
    pictures: list[NDArray[np.uint8]],
    *,
    seconds: float = 5.0,
    rest: float = 1.0,
    link: Callable[[Callable[[], float]], Link] = Link,
    meanwhile: Sequence[tuple[float, Callable[[], None]]] = (),
    second: list[NDArray[np.uint8]] | None = None,
) -> Result:
    """Walk for some seconds, then rest.

    Args:
        network: Between program and terminal.
        pictures: Of the walk, 60 a second, over and over.
        seconds: Of the walk.
        rest: Seconds afterwards.
        link: Makes the link, given the simulation's clock.
        meanwhile: What else happens, and when.
        second: Frames of a second image that gives way to the first; it is shown below that.
    """
    simulation = _Simulation(network, pictures, seconds, rest, link, second)
    for time, action in meanwhile:
        simulation.at(time, action)
    return simulation.run()
