// The page in a notebook's cell, as anywidget wants it: a frame, and a pipe between it and the model in Python.

/** @typedef {import("../assets/types.js").WidgetModel} WidgetModel */

/** What the page says first, with the port that it listens at. */
const GREETING = "vaevis-tui";

/** @param {{ model: WidgetModel, el: HTMLElement }} view of the widget @returns {() => void} ends it */
function render({ model, el }) {
  const frame = document.createElement("iframe");
  frame.title = model.get("_title");
  // A page of its own origin: it sees nothing of the notebook.
  frame.setAttribute("sandbox", "allow-scripts allow-downloads");
  frame.allow = "clipboard-write";
  frame.style.cssText = "display: block; width: 100%; border: 0; border-radius: 8px;";
  frame.srcdoc = themed(model.get("_page"));
  const number = Math.floor(Math.random() * 2 ** 32); // a widget may be shown several times
  /** @type {MessagePort | null} */
  let port = null;

  /** @param {MessageEvent} event from any window */
  const onGreeting = (event) => {
    if (event.source !== frame.contentWindow || event.data !== GREETING) return;
    port = event.ports[0];
    port.onmessage = ({ data }) => {
      if (data instanceof ArrayBuffer) model.send({ kind: "decode", view: number }, undefined, [data]);
      else if (data.z) {
        model.set("z", data.z);
        model.save_changes();
      } else model.send({ kind: "open", view: number });
    };
    onLatent();
  };
  const onLatent = () => port?.postMessage({ z: model.get("z") });
  const onHeight = () => (frame.style.height = `${model.get("height")}px`);

  /** @param {{ view: number, text?: string }} content from Python @param {DataView[]} buffers images */
  const onAnswer = (content, buffers) => {
    if (content.view !== number) return;
    if (content.text) return port?.postMessage(content.text);
    const { buffer, byteOffset, byteLength } = buffers[0];
    port?.postMessage(buffer.slice(byteOffset, byteOffset + byteLength));
  };

  onHeight();
  addEventListener("message", onGreeting);
  model.on("msg:custom", onAnswer);
  model.on("change:z", onLatent);
  model.on("change:height", onHeight);
  el.append(frame);
  return () => {
    removeEventListener("message", onGreeting);
    model.off("msg:custom", onAnswer);
    model.off("change:z", onLatent);
    model.off("change:height", onHeight);
    frame.remove();
  };
}

/** @param {string} page as HTML @returns {string} in the notebook's colours, where JupyterLab says which */
function themed(page) {
  const { jpThemeLight } = document.body.dataset;
  const theme = { true: "light", false: "dark" }[jpThemeLight ?? ""] ?? "auto";
  return page.replace('data-theme="auto"', `data-theme="${theme}"`);
}

export default { render };
