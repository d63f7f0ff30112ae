"""`model.widget()`: the page in a notebook's cell, decoded by the model in Python, with one z for both."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, Frame

import vaevis_tui
from tests.web.serve.notebook import notebook, wired
from vaevis_tui.api import Model
from vaevis_tui.errors import UserError

NAME = "mnist-2d"


@pytest.fixture
def model() -> Iterator[Model]:
    with vaevis_tui.load(NAME, "onnxruntime") as opened, wired():
        yield opened


def shown(frame: Frame) -> np.ndarray:
    """The image on the page's canvas, uint8 (h, w, 3)."""
    data = frame.evaluate("""() => {
        const canvas = document.getElementById("image");
        return Array.from(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data);
    }""")
    return np.array(data, np.uint8).reshape(28, 28, 4)[..., :3]


def until_z(frame: Frame, z: np.ndarray) -> None:
    """Wait until the page shows a latent, and has decoded it."""
    frame.wait_for_function("z => z.every((value, i) => Math.fround(value) === vaevis.z[i])", arg=z.tolist())
    frame.evaluate("async () => { await vaevis.decode(vaevis.z); }")


def test_z_is_the_same_in_python_and_on_the_page(browser: Browser, model: Model) -> None:
    widget = model.widget(height=600)
    told: list[np.ndarray] = []
    widget.observe(lambda change: told.append(change["new"]), "z")
    with notebook(browser, widget) as cell:
        frame = cell.frame
        assert frame.evaluate("[vaevis.backend, vaevis.info.detail]")[0] == "live"
        until_z(frame, widget.z)
        np.testing.assert_array_equal(shown(frame), widget.image)
        # From Python to the page, which does not say it again.
        widget.z = z = model.sample(3)[0]
        cell.deliver()
        until_z(frame, z)
        np.testing.assert_array_equal(shown(frame), model.decode(z)[0])
        assert len(told) == 1
        # From the page to Python.
        frame.locator("#random").click()
        cell.page.wait_for_function("z => model.get('z')[0] !== z", arg=float(z[0]))
        np.testing.assert_array_equal(frame.evaluate("Array.from(vaevis.z)"), widget.z)
        np.testing.assert_array_equal(told[-1], widget.z)
        assert widget.z.dtype == np.float32
        until_z(frame, widget.z)
        np.testing.assert_array_equal(shown(frame), widget.image)


def test_the_cell_and_its_page(browser: Browser, model: Model) -> None:
    """It has the notebook's colours and the height that was asked for, and goes without a trace."""
    widget = model.widget(height=500)
    with notebook(browser, widget) as cell:
        assert cell.frame.evaluate("document.documentElement.dataset.theme") == "dark"
        element = cell.page.locator("iframe")
        assert element.bounding_box()["height"] == 500  # type: ignore[index]
        widget.height = 400
        cell.deliver()
        assert element.bounding_box()["height"] == 400  # type: ignore[index]
        assert cell.frame.evaluate("origin") == "null"  # it sees nothing of the notebook
        cell.page.evaluate("hide()")
        assert element.count() == 0
        widget.z = model.sample(4)[0]
        cell.deliver()


def test_a_closed_model_is_said_on_the_page(browser: Browser, model: Model) -> None:
    with notebook(browser, model.widget()) as cell:
        frame = cell.frame
        said = frame.evaluate("vaevis.decode(new Float32Array(2 * 9)).then((image) => image.length)")
        assert said == 9 * 28 * 28 * 4  # more than one request holds
        model.close()
        frame.locator("#random").click()
        frame.locator("#failure").wait_for()
        assert "closed" in frame.locator("#failure").inner_text()


def test_what_is_no_latent_is_refused(model: Model) -> None:
    widget = model.widget([0.5, -1])
    with pytest.raises(ValueError, match="shape"):
        widget.z = [1, 2, 3]
    with pytest.raises(Exception, match="NaN"):
        widget.z = [np.nan, 0]
    np.testing.assert_array_equal(widget.z, [0.5, -1])
    assert not widget.z.flags.writeable


def test_without_anywidget_it_is_said_how_to_get_it(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "anywidget", None)
    with pytest.raises(UserError, match=r"pip install 'vaevis-tui\[notebook\]'"):
        model.widget()
