"""Servers that tests share: a start of the program takes a second."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.web.serve.serving import Guarded, serve


@pytest.fixture(scope="package")
def served() -> Iterator[str]:
    """The live page's address."""
    with serve() as address:
        yield address


@pytest.fixture(scope="package")
def terminal_served() -> Iterator[str]:
    """The address of the terminal app."""
    with serve("--terminal") as address:
        yield address


@pytest.fixture(scope="package")
def guarded() -> Iterator[Guarded]:
    """The live page, served to others too."""
    with serve("--host", "0.0.0.0", means="may decode here; the connection is not encrypted") as address:
        yield Guarded.of(address)


@pytest.fixture(scope="package")
def guarded_terminal() -> Iterator[Guarded]:
    """The terminal app, likewise."""
    means = "may open and write files as you can"
    with serve("--terminal", "--host", "0.0.0.0", means=means) as address:
        yield Guarded.of(address)
