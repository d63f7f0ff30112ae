// From A to B: two points, and every image on the arc between them.

import { slerp } from "../../latent/linear.js";
import { byId } from "../dom.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {"a" | "b"} End */

/** Seconds from A to B and back. */
const SECONDS = 6;

export class Between {
  /** @param {App} app whose points */
  constructor(app) {
    this.app = app;
    /** @type {Record<End, Float32Array | null>} */
    this.ends = { a: null, b: null };
    this.slider = byId("between", HTMLInputElement);
    this.play = byId("between-play", HTMLButtonElement);
    this.playing = false;
    this.share = 0;
    for (const end of /** @type {const} */ (["a", "b"])) {
      byId(`set-${end}`, HTMLButtonElement).addEventListener("click", () => this.set(end));
      byId(`go-${end}`, HTMLButtonElement).addEventListener("click", () => {
        const z = this.ends[end];
        if (z) app.glide(z);
        else this.set(end);
      });
    }
    this.slider.addEventListener("input", () => {
      this.stop();
      this.#to(Number(this.slider.value));
    });
    this.slider.addEventListener("change", () => app.exploration.settle());
    this.play.addEventListener("click", () => (this.playing ? this.stop() : this.#start()));
    this.#enable();
  }

  /** @param {End} end that is now what is on show */
  set(end) {
    this.ends[end] = this.app.exploration.z;
    byId(`image-${end}`, HTMLImageElement).src = this.app.thumbnail();
    byId(`go-${end}`, HTMLButtonElement).setAttribute("aria-label", `Go to ${end.toUpperCase()}`);
    this.#enable();
    this.app.notify(`${end.toUpperCase()} is set.`);
  }

  /** @param {number} seconds that went by */
  tick(seconds) {
    if (!this.playing) return;
    this.share = (this.share + (2 * seconds) / SECONDS) % 2;
    const share = this.share < 1 ? this.share : 2 - this.share;
    const eased = share * share * (3 - 2 * share);
    this.slider.value = String(eased);
    this.#to(eased);
  }

  stop() {
    this.playing = false;
    this.play.setAttribute("aria-pressed", "false");
    this.app.exploration.settle();
  }

  #start() {
    this.app.stopWalking();
    this.playing = true;
    this.share = Number(this.slider.value);
    this.play.setAttribute("aria-pressed", "true");
    this.app.animate();
  }

  #enable() {
    const ready = Boolean(this.ends.a && this.ends.b);
    this.slider.disabled = this.play.disabled = !ready;
  }

  /** @param {number} share of the way from A to B */
  #to(share) {
    const { a, b } = this.ends;
    if (!a || !b) return;
    const { space, exploration } = this.app;
    const z = share <= 0 ? a : share >= 1 ? b : space.unwhiten(slerp(space.whiten(a), space.whiten(b), share));
    exploration.go(z, "between");
    this.slider.setAttribute("aria-valuetext", `${Math.round(100 * share)} % of the way from A to B`);
  }
}
