// What leaves the page and comes into it: snapshots, z on the clipboard, files that are dropped.

import { messageOf } from "../engine/service.js";
import { numbers } from "./address.js";
import { byId, paint } from "./dom.js";
import { readSnapshot, withSnapshot } from "./snapshot.js";

/** @typedef {import("./app.js").App} App */

/** Bytes of a file, or letters of a text, beyond which it is no snapshot and no latent. */
const MAX_FILE = 64 << 20;
const MAX_TEXT = 1 << 20;

export class Transfer {
  /** @param {App} app whose image */
  constructor(app) {
    this.app = app;
    const file = byId("file", HTMLInputElement);
    byId("load", HTMLButtonElement).addEventListener("click", () => file.click());
    file.addEventListener("change", () => {
      if (file.files?.[0]) void this.open(file.files[0]);
      file.value = "";
    });
    const dropping = (/** @type {boolean} */ on) => document.documentElement.classList.toggle("dropping", on);
    addEventListener("dragover", (event) => {
      event.preventDefault();
      dropping(true);
    });
    addEventListener("dragleave", () => dropping(false));
    addEventListener("drop", (event) => {
      event.preventDefault();
      dropping(false);
      const dropped = event.dataTransfer?.files[0];
      if (dropped) void this.open(dropped);
      else this.#take(event.dataTransfer?.getData("text") ?? "", "What was dropped");
    });
    addEventListener("paste", (event) => {
      if (/** @type {HTMLElement} */ (event.target).matches("input")) return;
      this.#take(event.clipboardData?.getData("text") ?? "", "The clipboard");
    });
  }

  /** Save the image that is on show, with its z inside. */
  async save() {
    const { frame, model, service } = this.app;
    if (!frame) return this.app.notify("There is no image yet.");
    const canvas = document.createElement("canvas");
    paint(canvas, frame.image, model.width, model.height);
    const blob = await new Promise((/** @type {BlobCallback} */ resolve) => canvas.toBlob(resolve, "image/png"));
    if (!blob) return this.app.notify("This browser made no PNG of it.");
    const file = withSnapshot(new Uint8Array(await blob.arrayBuffer()), {
      format: 1,
      model: model.reference,
      version: model.version,
      z: Array.from(frame.z),
      seed: null,
      backend: service.decoder?.info.backend ?? "",
      ...(model.hash ? { decoder_hash: model.hash } : {}),
    });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(file);
    link.download = `${model.name.replace(/[^\w.-]+/g, "-")}-${timestamp()}.png`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    return this.app.notify(`Saved ${link.download}; z lies inside.`);
  }

  /** @param {File} file that was dropped or chosen */
  async open(file) {
    const { app } = this;
    const small = file.size <= MAX_FILE ? file : file.slice(0, 0);
    const data = await small.arrayBuffer().catch(() => null); // a folder, or gone
    if (!data) return app.notify(`${file.name} cannot be read.`);
    const found = readSnapshot(new Uint8Array(data));
    if (!found) return app.notify(`${file.name} is no snapshot of vaevis-tui: it holds no latent.`);
    const { dim } = app.space;
    if (found.z.length !== dim) {
      return app.notify(`${file.name} holds ${found.z.length} numbers; this model's latents have ${dim}.`);
    }
    app.glide(Float32Array.from(found.z));
    const other = found.decoder_hash && app.model.hash && found.decoder_hash !== app.model.hash;
    const warning = `${file.name} was made with another decoder; the image may be another one.`;
    return app.notify(other ? warning : `Opened ${file.name}.`);
  }

  copyLatent() {
    return this.copy(Array.from(this.app.exploration.z, String).join(","), "z is copied.");
  }

  /** @param {string} text to copy @param {string} done what is told then */
  async copy(text, done) {
    try {
      await navigator.clipboard.writeText(text);
      this.app.notify(done);
    } catch (error) {
      this.app.notify(`The clipboard is closed: ${messageOf(error)}`);
    }
  }

  /** @param {string} text that may be a latent @param {string} where it came from */
  #take(text, where) {
    const { dim } = this.app.space;
    const found = text.length <= MAX_TEXT ? numbers(text) : [];
    if (found.length === dim) this.app.glide(Float32Array.from(found));
    else this.app.notify(`${where} holds no latent (expected ${dim} numbers).`);
  }
}

/** @returns {string} now, as names of snapshots have it */
function timestamp() {
  const local = new Date(Date.now() - new Date().getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 19).replace(/[-:]/g, "").replace("T", "-");
}
