"""A slow network between a real program and a real terminal.

    python -m tests.link.relay --megabits 1 --round-trip 0.05 -- PROGRAM [ARGUMENT ...]
    python -m tests.link.relay --megabits 1 --round-trip 0.05 --connect HOST:PORT

The program runs on a pseudo-terminal of its own. Its output is passed on at the rate of the network, half a
round trip late, and what comes from the terminal half a round trip late. What waits is kept without end, as
sshd and TCP keep megabytes. In the second form the far side is a server's: as ssh's ProxyCommand it puts the
network between ssh and sshd.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import select
import signal
import socket
import sys
import termios
import time
import tty
from collections import deque

_CHUNK = 1 << 12  # what a pseudo-terminal gives at once


class _Way:
    """One direction.

    Args:
        bytes_per_second: At which it passes bytes on.
        delay: Seconds by which each is late.
    """

    def __init__(self, bytes_per_second: float, delay: float) -> None:
        self._rate = bytes_per_second
        self._delay = delay
        self._free_at = 0.0
        self._pieces: deque[tuple[float, bytes]] = deque()

    def put(self, data: bytes) -> None:
        self._free_at = max(self._free_at, time.monotonic()) + len(data) / self._rate
        self._pieces.append((self._free_at + self._delay, data))

    def due(self) -> float | None:
        """Seconds until something comes out; None if there is nothing."""
        return max(0.0, self._pieces[0][0] - time.monotonic()) if self._pieces else None

    def take(self) -> bytes:
        taken = b""
        while self.due() == 0.0:
            taken += self._pieces.popleft()[1]
        return taken


def relay(argv: list[str], megabits: float, round_trip: float) -> int:
    """Run a program behind a network; gives its exit code."""
    size = fcntl.ioctl(0, termios.TIOCGWINSZ, bytes(8))
    pid, program = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, size)
        os.execvp(argv[0], argv)

    def resized(*_: object) -> None:
        fcntl.ioctl(program, termios.TIOCSWINSZ, fcntl.ioctl(0, termios.TIOCGWINSZ, bytes(8)))

    signal.signal(signal.SIGWINCH, resized)
    before = termios.tcgetattr(0)
    tty.setraw(0)
    _post_event(program, megabits, round_trip)
    termios.tcsetattr(0, termios.TCSADRAIN, before)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def connect(address: str, megabits: float, round_trip: float) -> None:
    """Pass on what comes by a connection to HOST:PORT, as ssh's ProxyCommand does."""
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port))) as far:
        far.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _post_event(far.fileno(), megabits, round_trip)


def _post_event(far: int, megabits: float, round_trip: float) -> None:
    """Pass on what the far side writes to standard output, and standard input to it, until it ends."""
    out, back = _Way(megabits * 125e3, round_trip / 2), _Way(1e9, round_trip / 2)
    ended = False
    while not ended or out.due() is not None:
        waits = [due for due in (out.due(), back.due()) if due is not None]
        sources = [0] if ended else [0, far]
        ready = select.select(sources, [], [], min(waits) if waits else None)[0]
        if far in ready:
            try:
                data = os.read(far, _CHUNK)
            except OSError:  # Linux says so when a program has closed its end of a pseudo-terminal
                data = b""
            ended = not data
            out.put(data)
        if 0 in ready:
            typed = os.read(0, _CHUNK)
            if not typed:  # the near side has gone, and with it whoever would read the rest
                return
            back.put(typed)
        _write(1, out.take())
        _write(far, back.take())


def _write(to: int, data: bytes) -> None:
    """All of it: a signal, as of a new size, ends a write in the middle."""
    while data:
        data = data[os.write(to, data) :]


def main() -> None:
    """Run the program that the command line names, or connect."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--megabits", type=float, required=True)
    parser.add_argument("--round-trip", type=float, required=True)
    parser.add_argument("--connect", metavar="HOST:PORT")
    parser.add_argument("program", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    if options.connect:
        connect(options.connect, options.megabits, options.round_trip)
        return
    argv = options.program[1:] if options.program[:1] == ["--"] else options.program
    sys.exit(relay(argv, options.megabits, options.round_trip))


if __name__ == "__main__":
    main()
