// The notebook that the page lies in: it decodes, and its z and the page's are the same.

/** @typedef {import("../engine/live.js").Connection} Connection */

export class Host {
  /** Tells the notebook where the page listens; see vaevis_tui/web/notebook/widget.js. */
  constructor() {
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    /** Is told of another z in the notebook. @type {(z: Float32Array) => void} */
    this.onLatent = () => {};
    /** @type {(data: ArrayBuffer | string) => void} */
    this.onData = () => {};
    /** What both have. @type {Float32Array | null} */
    this.z = null;
    port1.onmessage = ({ data }) => {
      if (data instanceof ArrayBuffer || typeof data === "string") this.onData(data);
      else this.#take(Float32Array.from(data.z));
    };
    parent.postMessage("vaevis-tui", "*", [port2]);
  }

  /** @returns {Connection} to the decoder */
  connect() {
    return {
      postMessage: (data) => this.port.postMessage(data, [data]),
      onData: (listener) => {
        this.onData = listener;
        this.port.postMessage({}); // asks what decodes
      },
      close: () => (this.onData = () => {}),
    };
  }

  /** @param {Float32Array} z on show */
  tell(z) {
    if (same(z, this.z)) return;
    this.z = z;
    this.port.postMessage({ z: Array.from(z) });
  }

  /** @param {Float32Array} z of the notebook */
  #take(z) {
    if (same(z, this.z)) return;
    this.z = z;
    this.onLatent(z);
  }
}

/** @param {Float32Array} a latent @param {Float32Array | null} b another, or none */
function same(a, b) {
  return b !== null && a.every((value, i) => value === b[i]);
}
