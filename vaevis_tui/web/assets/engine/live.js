// A decoder in Python, behind a WebSocket or a notebook: sends latents, receives images.

/** @typedef {import("../types.js").BackendInfo} BackendInfo */
/** @typedef {{ postMessage: (data: ArrayBuffer) => void, onData: (listener: (data: ArrayBuffer | string) => void) => void, close: () => void }} Connection */

/** Milliseconds until a silent backend counts as lost. */
const TIMEOUT = 30_000;

export class LiveDecoder {
  /**
   * @param {Connection} connection to the backend, which first says what decodes, as JSON
   * @param {number} bytes of one image
   * @param {number} dim length of a latent
   * @returns {Promise<LiveDecoder>}
   */
  static async open(connection, bytes, dim) {
    const decoder = new LiveDecoder(connection, bytes, dim);
    await decoder.greeted;
    return decoder;
  }

  /**
   * @param {Connection} connection to the backend
   * @param {number} bytes of one image
   * @param {number} dim length of a latent
   */
  constructor(connection, bytes, dim) {
    this.connection = connection;
    this.bytes = bytes;
    this.dim = dim;
    this.batch = 8;
    this.number = 0;
    /** @type {BackendInfo} */
    this.info = { backend: "live", device: "", detail: "" };
    /** @type {{ resolve: (image: Uint8ClampedArray) => void, reject: (error: Error) => void, timer: number } | null} */
    this.waiting = null;
    /** The error that broke the connection. @type {Error | null} */
    this.broken = null;
    /** @type {Promise<void>} */
    this.greeted = new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("the server says nothing")), TIMEOUT);
      connection.onData((data) => {
        if (typeof data !== "string") return this.#take(data);
        const said = JSON.parse(data);
        if (said.error) {
          const error = new Error(said.error);
          reject(error);
          return this.#fail(error);
        }
        clearTimeout(timer);
        this.info = { backend: "live", device: said.device, detail: said.detail };
        resolve();
      });
    });
  }

  /**
   * @param {Float32Array} z latents, (n, d)
   * @returns {Promise<Uint8ClampedArray>} RGBA, (n, h, w, 4)
   */
  decode(z) {
    if (this.broken) return Promise.reject(this.broken);
    this.number = (this.number + 1) >>> 0;
    const request = new ArrayBuffer(4 + z.byteLength);
    new DataView(request).setUint32(0, this.number, true);
    new Float32Array(request, 4).set(z);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#fail(new Error("the server does not answer")), TIMEOUT);
      this.waiting = { resolve, reject, timer };
      this.connection.postMessage(request);
    });
  }

  close() {
    this.connection.close();
    this.#fail(new Error("closed"));
  }

  /** @param {ArrayBuffer} data number, then RGB of every image */
  #take(data) {
    if (!this.waiting || new DataView(data).getUint32(0, true) !== this.number) return;
    const rgb = new Uint8Array(data, 4);
    const image = new Uint8ClampedArray((rgb.length / 3) * 4);
    for (let from = 0, to = 0; from < rgb.length; from += 3, to += 4) {
      image[to] = rgb[from];
      image[to + 1] = rgb[from + 1];
      image[to + 2] = rgb[from + 2];
      image[to + 3] = 255;
    }
    clearTimeout(this.waiting.timer);
    this.waiting.resolve(image);
    this.waiting = null;
  }

  /** @param {Error} error that rejects the pending request, and all later ones */
  #fail(error) {
    this.broken ??= error;
    if (!this.waiting) return;
    clearTimeout(this.waiting.timer);
    this.waiting.reject(error);
    this.waiting = null;
  }
}

/**
 * @param {string} address of the backend
 * @returns {Promise<Connection>}
 */
export function connect(address) {
  const url = new URL(address, location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  /** @type {((data: ArrayBuffer | string) => void) | null} */
  let listener = null;
  /** Messages that came before there was a listener. @type {(ArrayBuffer | string)[]} */
  const early = [];
  /** @param {ArrayBuffer | string} data that came */
  const take = (data) => void (listener ? listener(data) : early.push(data));
  return new Promise((resolve, reject) => {
    socket.onmessage = ({ data }) => take(data);
    socket.onerror = () => reject(new Error("the server is not reached"));
    socket.onclose = ({ reason }) => take(JSON.stringify({ error: reason || "the connection was closed" }));
    socket.onopen = () =>
      resolve({
        postMessage: (data) => socket.send(data),
        onData: (each) => early.splice(0).forEach((listener = each)),
        close: () => socket.close(),
      });
  });
}
