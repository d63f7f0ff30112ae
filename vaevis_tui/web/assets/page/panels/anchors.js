// Anchors: examples of the data and modes of classes, as small images; the nearest ones are told.

import { norm } from "../../latent/linear.js";
import { byId, leavable, make, paint } from "../dom.js";
import { coloursOf } from "./map.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../../latent/space.js").AxisSet} AxisSet */

/** Further from the mean than this, and than any anchor, a value is beyond the data: of normal ones 1 in 16,000. */
const BEYOND_SIGMA = 4;

export class AnchorGallery {
  /** @param {App} app whose anchors */
  constructor(app) {
    this.app = app;
    const { anchors } = app.space;
    this.whitened = anchors.labels.map((_, index) => app.space.whiten(app.space.anchor(index)));
    this.usual = this.#usualDistance();
    /** Of a row's values at the anchors. @type {{ axisSet: AxisSet | null, row: number, low: number, high: number }} */
    this.furthest = { axisSet: null, row: 0, low: 0, high: 0 };
    this.list = byId("anchors", HTMLDivElement);
    this.filter = byId("anchor-filter", HTMLInputElement);
    this.watcher = new IntersectionObserver((entries) => this.#seen(entries), { rootMargin: "200px" });
    const colours = coloursOf(anchors.labels);
    this.cells = anchors.labels.map((label, index) => {
      const name = make("span", {}, label);
      name.style.setProperty("--colour", colours[index]);
      const canvas = make("canvas", { width: app.model.width, height: app.model.height });
      const go = () => app.glide(app.space.anchor(index));
      return make("button", { type: "button", class: "cell", "data-index": index, onclick: go }, canvas, name);
    });
    this.list.append(...this.cells);
    this.cells.forEach((cell) => this.watcher.observe(cell));
    this.filter.addEventListener("input", () => this.#arrange());
    leavable(this.filter, (key) => {
      const first = this.cells.find((cell) => !cell.hidden);
      this.#arrange();
      if (key === "Enter") first?.click();
      first?.focus();
    });
  }

  /**
   * @param {Float32Array} z latent
   * @returns {string} the nearest anchor and how near it is, 100 % at it, 0 as far as two usually are; or nothing
   */
  nearest(z) {
    if (this.whitened.length === 0) return "";
    const x = this.app.space.whiten(z);
    let [best, least] = [0, Infinity];
    this.whitened.forEach((place, index) => {
      const distance = norm(place.map((value, i) => value - x[i]));
      if (distance < least) [best, least] = [index, distance];
    });
    const closeness = Math.max(0, 1 - least / this.usual);
    return `${this.app.space.anchors.labels[best]}, ${Math.round(100 * closeness)} %`;
  }

  /**
   * @param {AxisSet} axisSet of the model @param {number} row of it @param {number} sigma on it
   * @returns {boolean} whether that is a value that the data do not have, whatever the point as a whole is
   */
  isBeyond(axisSet, row, sigma) {
    return Math.abs(sigma) > BEYOND_SIGMA && Math.abs(sigma) > this.reach(axisSet, row, sigma) + 1e-3;
  }

  /**
   * @param {AxisSet} axisSet of the model @param {number} row of it @param {number} sigma on it
   * @returns {number} how far from the mean the data go on that row, to that side
   */
  reach(axisSet, row, sigma) {
    if (this.furthest.axisSet !== axisSet || this.furthest.row !== row) {
      const { space } = this.app;
      const values = this.whitened.map((_, index) => axisSet.coordinate(space.anchor(index), row));
      this.furthest = { axisSet, row, low: Math.min(...values, -BEYOND_SIGMA), high: Math.max(...values, BEYOND_SIGMA) };
    }
    return sigma < 0 ? -this.furthest.low : this.furthest.high;
  }

  /** @param {number} places from the anchor that z is, or that is nearest @returns {Float32Array | null} the z of that one */
  next(places) {
    const { space, exploration } = this.app;
    const count = this.whitened.length;
    if (count === 0) return null;
    const x = space.whiten(exploration.z);
    const distances = this.whitened.map((place) => norm(place.map((value, i) => value - x[i])));
    const nearest = distances.reduce((best, distance, index) => (distance < distances[best] ? index : best), 0);
    const here = space.anchor(nearest).every((value, i) => value === exploration.z[i]);
    return space.anchor(here ? (nearest + places + count) % count : nearest);
  }

  /** The median distance of two anchors. */
  #usualDistance() {
    const some = this.whitened.filter((_, index) => index % Math.ceil(this.whitened.length / 64) === 0);
    const apart = some.flatMap((a, i) => some.slice(i + 1).map((b) => norm(a.map((value, j) => value - b[j]))));
    apart.sort((a, b) => a - b);
    return apart[Math.floor(apart.length / 2)] || this.app.space.shell[1] || 1;
  }

  #arrange() {
    const wanted = this.filter.value.trim().toLowerCase();
    this.app.space.anchors.labels.forEach((label, index) => {
      this.cells[index].hidden = !label.toLowerCase().includes(wanted);
    });
  }

  /** @param {IntersectionObserverEntry[]} entries of cells that came into sight */
  #seen(entries) {
    const { model, service, space } = this.app;
    const coming = entries.filter((entry) => entry.isIntersecting).map(({ target }) => /** @type {HTMLElement} */ (target));
    if (coming.length === 0) return;
    coming.forEach((cell) => this.watcher.unobserve(cell));
    const latents = new Float32Array(coming.length * space.dim);
    coming.forEach((cell, i) => latents.set(space.anchor(Number(cell.dataset.index)), i * space.dim));
    /** @type {(index: number, image: Uint8ClampedArray) => void} */
    const onImage = (index, image) => {
      paint(/** @type {HTMLCanvasElement} */ (coming[index].firstElementChild), image, model.width, model.height);
      coming[index].classList.add("painted");
    };
    service.batch(latents, onImage, new AbortController().signal);
  }
}
