"""Decode services that are closed when a test ends."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engine.service.support import EngineEvent, Start
from vaevis_tui.engine.service import DecodeService
from vaevis_tui.engine.source import DecoderSource


@pytest.fixture
def news() -> EngineEvent:
    return EngineEvent()


@pytest.fixture
def start(news: EngineEvent) -> Iterator[Start]:
    """Start workers that are closed when the test ends."""
    workers = []

    def begin(source: DecoderSource) -> DecodeService:
        worker = DecodeService(source, news.put, news.put, news.put)
        workers.append(worker)
        return worker

    yield begin
    for worker in workers:
        worker.close()
