// The strip: what the selected axis does to the image, from -3 to 3 sigmas.

import { byId, make, paint, settled, signed } from "../dom.js";

/** @typedef {import("../app.js").App} App */

const SIGMAS = [-3, -2, -1, 0, 1, 2, 3];

/** Milliseconds of rest before it is decoded again. */
const STRIP_REST = 120;

export class Strip {
  /** @param {App} app whose image */
  constructor(app) {
    this.app = app;
    this.cells = SIGMAS.map((sigma) => {
      const canvas = make("canvas", { width: app.model.width, height: app.model.height });
      const place = make("button", { type: "button", onclick: () => this.#go(sigma) }, canvas, signed(sigma).replace(".00", ""));
      return { sigma, canvas, place };
    });
    this.root = byId("strip", HTMLDivElement);
    this.root.append(...this.cells.map(({ place }) => place));
    this.abort = new AbortController();
    this.later = settled(STRIP_REST, () => this.#decode());
    this.shown = "";
  }

  /** Something moved. */
  update() {
    const { exploration } = this.app;
    const { coordinate } = exploration;
    const nearest = SIGMAS.reduce((a, b) => (Math.abs(b - coordinate) < Math.abs(a - coordinate) ? b : a));
    for (const { sigma, place } of this.cells) place.classList.toggle("here", sigma === nearest);
    this.root.classList.add("stale");
    this.later();
  }

  /** @param {number} sigma where to */
  #go(sigma) {
    const { exploration } = this.app;
    exploration.set(exploration.row, sigma);
  }

  #decode() {
    const { exploration, model, service } = this.app;
    const { axisSet, row, z } = exploration;
    this.abort.abort();
    this.abort = new AbortController();
    const name = axisSet.rows[row].name;
    const latents = new Float32Array(SIGMAS.length * z.length);
    SIGMAS.forEach((sigma, i) => latents.set(axisSet.set(z, row, sigma), i * z.length));
    let left = SIGMAS.length;
    service.batch(
      latents,
      (index, image) => {
        const { canvas, place, sigma } = this.cells[index];
        paint(canvas, image, model.width, model.height);
        place.setAttribute("aria-label", `${name} at ${signed(sigma)} sigma`);
        left -= 1;
        if (left === 0) this.root.classList.remove("stale");
      },
      this.abort.signal,
    );
  }
}
