"""What a walk at full speed looks like over networks: python -m tests.benchmarks.link [--seconds 4]

A simulation (see tests/link/simulator.py): pictures of 128x128 in half-blocks, 60 offered a second, delays
that vary by a tenth of the round trip. Latency is from the press of a key to a picture that knows of it.
Below are the bytes of menus over an image, by the program itself.
"""

from __future__ import annotations

import argparse
from collections import Counter

from tests.benchmarks.menus import menu_costs
from tests.link.simulator import Network, Result, simulate, walk
from vaevis_tui.terminal.link.profile import LinkProfile

MEGABITS = (100.0, 10.0, 1.0, 0.3)
ROUND_TRIPS = (0.005, 0.05, 0.2)
HEADING = (
    " Mbit/s  RTT ms  presented/s    key to frame ms  less RTT  in flight    KB/s    KB/frame  mostly",
    "                                median     99 %      99 %",
)


def row(network: Network, result: Result) -> str:
    """One line of the table."""
    median, slowest = (1e3 * value for value in result.latency)
    round_trip = 1e3 * network.round_trip
    quality = Counter(name for _, name in result.qualities).most_common(1)[0][0]
    most = max(count for count, _ in result.in_flight)
    rate, size = result.sent / result.seconds / 1e3, result.sent / len(result.qualities) / 1e3
    return (
        f"{network.bits_per_second / 1e6:7g} {round_trip:7.0f} {result.rate:12.1f} {median:11.0f} "
        f"{slowest:8.0f} {slowest - round_trip:9.0f} {most:10d} {rate:7.0f} {size:11.1f}  {quality}"
    )


def menus() -> None:
    """Print what menus over an image cost, by the program itself."""
    print("\nmenu opens, closes: dog, half-blocks, 200x70, at rest")
    print("                 opens KB  closes KB  cells covered  closes, bytes a cell  at 1 Mbit/s: s   s")
    for cost in menu_costs():
        each = cost.closing / cost.covered if cost.covered else 0.0
        print(
            f"{cost.name:>15} {cost.opening / 1e3:9.1f} {cost.closing / 1e3:10.1f} {cost.covered:14d} "
            f"{each:21.1f} {cost.opening / 125e3:15.2f} {cost.closing / 125e3:4.2f}"
        )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=4.0, help="of walking, each")
    options = parser.parse_args()
    pictures = walk()
    print("\n".join(HEADING))
    for megabits in MEGABITS:
        for round_trip in ROUND_TRIPS:
            network = Network(megabits * 1e6, round_trip, 0.1 * round_trip)
            result = simulate(
                network, pictures, seconds=options.seconds, rest=0, link=LinkProfile(remote=True).link
            )
            print(row(network, result))
    menus()


if __name__ == "__main__":
    main()
