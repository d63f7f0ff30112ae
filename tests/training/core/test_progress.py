"""Progress does not flood a log file."""

from __future__ import annotations

import io

import pytest

from training.core.progress import LINE_SECONDS, progress_bar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("stream", "seconds"), [(Terminal(), 0.1), (io.StringIO(), LINE_SECONDS)])
def test_a_log_file_gets_a_line_now_and_then(
    stream: io.StringIO, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr", stream)
    bar = progress_bar(range(3), desc="a long thing")
    assert bar.mininterval == seconds
    assert list(bar) == [0, 1, 2]
    assert "a long thing: 100%" in stream.getvalue()
