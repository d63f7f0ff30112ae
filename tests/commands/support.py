"""Commands as a person types them: exit code, output, and the one line of a refusal."""

from __future__ import annotations

import pytest

from vaevis_tui.cli import main


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code, what was printed, and what was said on standard error."""
    code = main(arguments)
    out, err = capsys.readouterr()
    return code, out, err


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line that a refusal is; nothing is printed beside it."""
    code, out, err = run(capsys, *arguments)
    assert code == 2
    assert out == ""
    assert err.startswith("vaevis-tui: error: ")
    assert err.count("\n") == 1
    assert err.endswith("\n")
    return err
