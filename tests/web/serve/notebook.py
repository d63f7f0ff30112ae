"""A notebook's front end, as small as it can be: messages of Jupyter's widgets, and anywidget's model.

Python's side is the real one, ipywidgets and anywidget. What a kernel and a notebook's page have between them
is Playwright here: each message goes through it, its buffers as base64.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import comm
from comm.base_comm import BaseComm
from playwright.sync_api import Browser, Frame, Page

HOST = """<!doctype html><title>notebook</title><body data-jp-theme-light="false"><script type="module">
class Model {
    #listeners = {};
    #changed = {};
    constructor(state) { this.state = state; }
    get(name) { return this.state[name]; }
    set(name, value) {
        this.#changed[name] = this.state[name] = value;
        this.#emit(`change:${name}`);
    }
    save_changes() {
        const state = this.#changed;
        this.#changed = {};
        post({ method: "update", state, buffer_paths: [] }, []);
    }
    send(content, callbacks, buffers = []) { post({ method: "custom", content }, buffers); }
    on(event, listener) { (this.#listeners[event] ??= []).push(listener); }
    off(event, listener) { this.#listeners[event].splice(this.#listeners[event].indexOf(listener), 1); }
    #emit(event, ...values) { for (const listener of this.#listeners[event] ?? []) listener(...values); }
    take({ data, buffers }) {
        if (data.method === "custom") this.#emit("msg:custom", data.content, buffers.map(unpack));
        if (data.method !== "update") return;
        Object.assign(this.state, data.state);
        for (const name of Object.keys(data.state)) this.#emit(`change:${name}`);
    }
}
const unpack = (text) => new DataView(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
const pack = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)));
const post = async (data, buffers) => (await toPython(data, buffers.map(pack))).forEach((each) => take(each));
const take = (message) => window.model.take(message);
window.take = take;
window.show = async (state) => {
    window.model = new Model(state);
    const source = URL.createObjectURL(new Blob([state._esm], { type: "text/javascript" }));
    const widget = (await import(source)).default;
    window.hide = await widget.render({ model: window.model, el: document.body });
};
</script>"""


class Wire(BaseComm):
    """A kernel's end of a comm, whose messages wait until they are fetched."""

    def __init__(self, **keys: Any) -> None:
        self.waiting: list[dict[str, Any]] = []
        super().__init__(**keys)

    def publish_msg(
        self, msg_type: str, data: Any = None, metadata: Any = None, buffers: Any = None, **keys: Any
    ) -> None:
        packed = [base64.b64encode(bytes(buffer)).decode() for buffer in buffers or ()]
        self.waiting.append({"data": data, "buffers": packed})

    def fetch(self) -> list[dict[str, Any]]:
        """What waits."""
        waiting, self.waiting = self.waiting, []
        return waiting


class Notebook:
    """A page that shows one widget."""

    def __init__(self, page: Page, widget: Any) -> None:
        self.page, self._wire = page, widget.comm
        page.route("http://localhost/**", lambda route: route.fulfill(body=HOST, content_type="text/html"))
        page.goto("http://localhost/")
        page.expose_function("toPython", self._received)
        (opened,) = self._wire.fetch()
        page.evaluate("state => show(state)", opened["data"]["state"])

    def _received(self, data: dict[str, Any], buffers: list[str]) -> list[dict[str, Any]]:
        unpacked = [memoryview(base64.b64decode(each)) for each in buffers]
        self._wire.handle_msg({"content": {"data": data}, "buffers": unpacked})
        return list(self._wire.fetch())

    @property
    def frame(self) -> Frame:
        """The page in the cell, once it decodes."""
        (frame,) = self.page.main_frame.child_frames
        while not frame.evaluate("Boolean(window.vaevis)"):  # `wait_for_function` would break its policy
            self.page.wait_for_timeout(20)
        frame.evaluate("vaevis.ready.then(() => undefined)")
        return frame

    def deliver(self) -> None:
        """Hand what Python said to the page."""
        for message in self._wire.fetch():
            self.page.evaluate("message => take(message)", message)


@contextmanager
def wired() -> Iterator[None]:
    """Widgets that are made here speak to a `Notebook`."""
    create, comm.create_comm = comm.create_comm, Wire
    try:
        yield
    finally:
        comm.create_comm = create


@contextmanager
def notebook(browser: Browser, widget: Any) -> Iterator[Notebook]:
    """The widget on a page."""
    page = browser.new_page(reduced_motion="reduce", viewport={"width": 1000, "height": 720})
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    try:
        yield Notebook(page, widget)
    finally:
        page.close()
    assert complaints == []
