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
    if stream.isatty():
        assert "a long thing: 100%" in stream.getvalue()
    else:
        assert stream.getvalue() == "", "it took no time"


def test_what_takes_long_is_told_to_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    bar = progress_bar(total=2, desc="a long thing")
    bar.start_t -= LINE_SECONDS + 1
    bar.update(2)
    bar.close()
    assert "a long thing: 100%" in stream.getvalue()
