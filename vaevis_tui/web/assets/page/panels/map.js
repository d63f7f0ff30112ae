// The map: a plane through latent space, tiled with what it decodes to, the data's density and their anchors on it.

import { dot } from "../../latent/linear.js";
import { byId, paint, make, settled, signed } from "../dom.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {[number, number]} Point */
/** Left, right, bottom, top. @typedef {[number, number, number, number]} Extent */

/** Milliseconds of rest before tiles are decoded again. */
const MAP_REST = 160;

/** CSS pixels of a tile, about: at least so many, more for images that need them, and no more tiles than so many in a row. */
const TILE = 44;
const TILE_OF_IMAGE = 0.6;
const MOST_TILES = 18;

/** Places that the trail keeps. */
const TRAIL = 240;

/** Labels that get colours of their own. */
const MAX_COLOURS = 12;

export class LatentMap {
  /** @param {App} app whose space @param {import("../../types.js").PlaneRecord} plane to show */
  constructor(app, plane) {
    this.app = app;
    this.canvas = byId("map", HTMLCanvasElement);
    this.origin = app.arrays.floats(plane.origin);
    this.axes = [app.arrays.floats(plane.u), app.arrays.floats(plane.v)];
    this.home = plane.extent;
    this.extent = /** @type {Extent} */ ([...plane.extent]);
    /** The plane's axes in whitened space. */
    this.whitened = this.axes.map((axis) => app.space.whiten(app.space.mean.map((value, i) => value + axis[i])));
    this.density = densityImage(app.arrays.bytes(plane.density), plane.side);
    this.anchors = app.space.anchors.labels.map((_, index) => this.project(app.space.anchor(index)));
    this.colours = coloursOf(app.space.anchors.labels);
    /** @type {Point[]} */
    this.trail = [];
    this.tiles = document.createElement("canvas");
    this.tileExtent = this.extent;
    this.abort = new AbortController();
    this.drawn = false;
    this.later = settled(MAP_REST, () => this.#decode());
    this.shown = { tiles: true, density: false, anchors: true };
    this.names = plane.names;
    this.words = [make("span"), make("span")];
    byId("map-names", HTMLParagraphElement).append(...this.words);
    this.#listen();
    this.#options();
    new ResizeObserver(() => this.#resized()).observe(this.canvas);
  }

  /** z may have moved. */
  update() {
    const here = this.project(this.app.exploration.z);
    const last = this.trail.at(-1);
    if (!last || last[0] !== here[0] || last[1] !== here[1]) this.trail = [...this.trail, here].slice(-TRAIL);
    this.#redraw();
    if (this.app.space.dim > 2) this.later();
  }

  /** @param {ArrayLike<number>} z latent @returns {Point} coordinates of the nearest point of the plane */
  project(z) {
    const { space } = this.app;
    const offset = space.whiten(space.mean.map((value, i) => value + z[i] - this.origin[i]));
    const [u, v] = this.whitened;
    const [a, b, c] = [dot(u, u), dot(u, v), dot(v, v)];
    const [p, q] = [dot(u, offset), dot(v, offset)];
    const scale = a * c - b * b;
    return [(c * p - b * q) / scale, (a * q - b * p) / scale];
  }

  /** @param {Point} point of the plane @returns {Float32Array} z there, as far off the plane as it is now */
  at([u, v]) {
    const { z } = this.app.exploration;
    const [here, there] = this.project(z);
    const [right, up] = this.axes;
    return z.map((value, i) => value + (u - here) * right[i] + (v - there) * up[i]);
  }

  #listen() {
    const { canvas } = this;
    const { exploration } = this.app;
    /** @param {PointerEvent} event on the map */
    const follow = (event) => exploration.go(this.at(this.#under(event)), "map");
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      canvas.setPointerCapture(event.pointerId);
      exploration.settle();
      const anchor = this.#anchorUnder(event);
      if (anchor !== null) exploration.go(this.app.space.anchor(anchor));
      else follow(event);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (canvas.hasPointerCapture(event.pointerId)) follow(event);
      else {
        const anchor = this.#anchorUnder(event);
        canvas.title = anchor === null ? "" : this.app.space.anchors.labels[anchor];
      }
    });
    canvas.addEventListener("lostpointercapture", () => exploration.settle());
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.#zoom(Math.exp(event.deltaY / 500), this.#under(event));
    });
    canvas.addEventListener("dblclick", () => this.#reset());
    canvas.addEventListener("keydown", (event) => {
      const moves = /** @type {Record<string, Point>} */ ({
        ArrowLeft: [-1, 0],
        ArrowRight: [1, 0],
        ArrowUp: [0, 1],
        ArrowDown: [0, -1],
      });
      const move = moves[event.key];
      if (!move || event.altKey || event.metaKey) return;
      event.preventDefault();
      event.stopPropagation();
      const step = event.shiftKey ? 1 : event.ctrlKey ? 0.01 : 0.1;
      const [u, v] = this.project(exploration.z);
      exploration.go(this.at([u + step * move[0], v + step * move[1]]), "map keys");
    });
  }

  #options() {
    for (const name of /** @type {const} */ (["tiles", "density", "anchors"])) {
      const box = byId(`map-${name}`, HTMLInputElement);
      box.checked = this.shown[name];
      box.addEventListener("change", () => {
        this.shown[name] = box.checked;
        this.#redraw();
      });
    }
    byId("map-in", HTMLButtonElement).addEventListener("click", () => this.#zoom(0.7, this.trail.at(-1)));
    byId("map-out", HTMLButtonElement).addEventListener("click", () => this.#zoom(1 / 0.7, this.trail.at(-1)));
    byId("map-all", HTMLButtonElement).addEventListener("click", () => this.#reset());
  }

  /** @param {number} factor of the extent @param {Point} [about] what stays where it is */
  #zoom(factor, about) {
    const [left, right, bottom, top] = this.extent;
    const [u, v] = about ?? [(left + right) / 2, (bottom + top) / 2];
    const kept = Math.min(Math.max(factor, 0.05), 20);
    /** @type {Extent} */
    const extent = [u + (left - u) * kept, u + (right - u) * kept, v + (bottom - v) * kept, v + (top - v) * kept];
    this.extent = extent;
    this.#redraw();
    this.later();
  }

  #reset() {
    this.extent = /** @type {Extent} */ ([...this.home]);
    this.#redraw();
    this.later();
  }

  /** @param {MouseEvent} event on the map @returns {Point} coordinates under it */
  #under(event) {
    const box = this.canvas.getBoundingClientRect();
    const [left, right, bottom, top] = this.extent;
    return [
      left + ((event.clientX - box.left) / box.width) * (right - left),
      top - ((event.clientY - box.top) / box.height) * (top - bottom),
    ];
  }

  /** @param {MouseEvent} event on the map @returns {number | null} the anchor whose dot is there */
  #anchorUnder(event) {
    if (!this.shown.anchors) return null;
    const box = this.canvas.getBoundingClientRect();
    const place = this.#placer(box.width, box.height);
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    let [best, least] = [/** @type {number | null} */ (null), 9];
    this.anchors.forEach((point, index) => {
      const [px, py] = place(point);
      const distance = Math.hypot(px - x, py - y);
      if (distance < least) [best, least] = [index, distance];
    });
    return best;
  }

  /** @param {number} width of a canvas @param {number} height of it @returns {(point: Point) => Point} where points lie on it */
  #placer(width, height) {
    const [left, right, bottom, top] = this.extent;
    return ([u, v]) => [((u - left) / (right - left)) * width, ((top - v) / (top - bottom)) * height];
  }

  #resized() {
    const { clientWidth, clientHeight } = this.canvas;
    if (!clientWidth) return;
    const scale = Math.min(devicePixelRatio, 2);
    this.canvas.width = Math.round(clientWidth * scale);
    this.canvas.height = Math.round(clientHeight * scale);
    this.#redraw();
    this.later();
  }

  /** Decode the tiles that fill the extent, the ones in the middle first. */
  #decode() {
    const { clientWidth, clientHeight } = this.canvas;
    if (!clientWidth) return;
    const { model, service, space } = this.app;
    this.abort.abort();
    this.abort = new AbortController();
    const tile = Math.max(TILE, TILE_OF_IMAGE * model.width, clientWidth / MOST_TILES);
    const columns = Math.max(4, Math.round(clientWidth / tile));
    const rows = Math.max(4, Math.round((clientHeight / tile) * (model.width / model.height)));
    const [left, right, bottom, top] = this.extent;
    const order = fromTheMiddle(columns, rows);
    const latents = new Float32Array(order.length * space.dim);
    order.forEach(([x, y], i) => {
      const u = left + ((x + 0.5) / columns) * (right - left);
      const v = top - ((y + 0.5) / rows) * (top - bottom);
      latents.set(this.at([u, v]), i * space.dim);
    });
    const tiles = document.createElement("canvas");
    tiles.width = columns * model.width;
    tiles.height = rows * model.height;
    const context = /** @type {CanvasRenderingContext2D} */ (tiles.getContext("2d"));
    // What was there before, until the new tiles come.
    const before = this.#placerOf(this.extent, tiles.width, tiles.height);
    const [a, b] = before([this.tileExtent[0], this.tileExtent[3]]);
    const [c, d] = before([this.tileExtent[1], this.tileExtent[2]]);
    if (this.tiles.width > 1) context.drawImage(this.tiles, a, b, c - a, d - b);
    this.tiles = tiles;
    this.tileExtent = this.extent;
    const one = make("canvas");
    service.batch(
      latents,
      (index, image) => {
        const [x, y] = order[index];
        paint(one, image, model.width, model.height);
        context.drawImage(one, x * model.width, y * model.height);
        this.#redraw();
      },
      this.abort.signal,
    );
  }

  /** @param {Extent} extent that fills it @param {number} width of a canvas @param {number} height of it */
  #placerOf([left, right, bottom, top], width, height) {
    return (/** @type {Point} */ [u, v]) => [((u - left) / (right - left)) * width, ((top - v) / (top - bottom)) * height];
  }

  #redraw() {
    if (this.drawn) return;
    this.drawn = true;
    requestAnimationFrame(() => {
      this.drawn = false;
      this.#draw();
    });
  }

  #draw() {
    const { canvas, shown } = this;
    const { width, height } = canvas;
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    context.clearRect(0, 0, width, height);
    const place = this.#placer(width, height);
    /** @param {CanvasImageSource} image to draw @param {number[]} extent that it fills */
    const fill = (image, [left, right, bottom, top]) => {
      const [x, y] = place([left, top]);
      const [end, low] = place([right, bottom]);
      context.drawImage(image, x, y, end - x, low - y);
    };
    context.imageSmoothingQuality = "high";
    if (shown.tiles && this.tiles.width > 1) fill(this.tiles, this.tileExtent);
    if (shown.density) {
      context.globalAlpha = shown.tiles ? 0.75 : 1;
      fill(this.density, this.home);
      context.globalAlpha = 1;
    }
    // On large screens what is drawn grows with the map, up to half as large again.
    const growth = Math.min(Math.max(Math.min(canvas.clientWidth, canvas.clientHeight) / 640, 1), 1.5);
    const scale = (growth * width) / Math.max(1, canvas.clientWidth);
    if (shown.anchors) this.#drawAnchors(context, place, scale);
    this.#drawTrail(context, place, scale);
    const [x, y] = place(this.project(this.app.exploration.z));
    drawCursor(context, x, y, scale);
    this.#tell();
  }

  #tell() {
    const [u, v] = this.project(this.app.exploration.z);
    this.words[0].textContent = `→ ${this.names[0]} ${signed(u)}`;
    this.words[1].textContent = `↑ ${this.names[1]} ${signed(v)}`;
  }

  /** @param {CanvasRenderingContext2D} context to draw on @param {(point: Point) => Point} place of points @param {number} scale pixels a CSS pixel */
  #drawAnchors(context, place, scale) {
    const { labels } = this.app.space.anchors;
    context.lineWidth = 1.25 * scale;
    context.strokeStyle = "rgb(0 0 0 / 65%)";
    context.font = `600 ${10 * scale}px system-ui, sans-serif`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    this.anchors.forEach((point, index) => {
      const [x, y] = place(point);
      const short = labels[index].length <= 2;
      context.beginPath();
      context.arc(x, y, (short ? 7.5 : 4) * scale, 0, 2 * Math.PI);
      context.fillStyle = this.colours[index];
      context.fill();
      context.stroke();
      if (!short) return;
      context.fillStyle = "#111";
      context.fillText(labels[index], x, y + 0.5 * scale);
    });
  }

  /** @param {CanvasRenderingContext2D} context to draw on @param {(point: Point) => Point} place of points @param {number} scale pixels a CSS pixel */
  #drawTrail(context, place, scale) {
    context.lineWidth = 2 * scale;
    for (let i = 1; i < this.trail.length; i++) {
      context.strokeStyle = `rgb(255 196 87 / ${(0.9 * i) / this.trail.length})`;
      context.beginPath();
      context.moveTo(...place(this.trail[i - 1]));
      context.lineTo(...place(this.trail[i]));
      context.stroke();
    }
  }
}

/** @param {number} columns of tiles @param {number} rows of them @returns {Point[]} all of them, the middle ones first */
function fromTheMiddle(columns, rows) {
  /** @param {Point} tile one */
  const distance = ([x, y]) => Math.hypot(x + 0.5 - columns / 2, y + 0.5 - rows / 2);
  const tiles = Array.from({ length: columns * rows }, (_, i) => /** @type {Point} */ ([i % columns, Math.floor(i / columns)]));
  return tiles.sort((a, b) => distance(a) - distance(b));
}

/** @param {CanvasRenderingContext2D} context to draw on @param {number} x of it @param {number} y of it @param {number} scale pixels a CSS pixel */
function drawCursor(context, x, y, scale) {
  for (const [colour, line] of /** @type {const} */ ([["rgb(0 0 0 / 80%)", 5], ["#ffc457", 2.5]])) {
    context.strokeStyle = colour;
    context.lineWidth = line * scale;
    context.beginPath();
    context.arc(x, y, 8 * scale, 0, 2 * Math.PI);
    context.moveTo(x, y);
    context.lineTo(x, y);
    context.stroke();
  }
}

/** @param {Uint8Array} levels of density, the top row first @param {number} side of it @returns {HTMLCanvasElement} */
function densityImage(levels, side) {
  const canvas = document.createElement("canvas");
  const image = new Uint8ClampedArray(side * side * 4);
  for (let i = 0; i < side * side; i++) {
    const level = levels[i] / 255;
    image.set([30 + 60 * level, 40 + 190 * level, 70 + 150 * level, 255 * Math.min(1, 0.15 + level)], 4 * i);
  }
  paint(canvas, image, side, side);
  return canvas;
}

/** @param {string[]} labels of anchors @returns {string[]} a colour each: by label where labels repeat */
export function coloursOf(labels) {
  const different = [...new Set(labels)];
  if (different.length > MAX_COLOURS) return labels.map(() => "#7dd3fc");
  const colour = new Map(different.map((label, i) => [label, `hsl(${(i * 360) / different.length} 85% 66%)`]));
  return labels.map((label) => /** @type {string} */ (colour.get(label)));
}
