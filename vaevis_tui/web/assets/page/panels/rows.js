// The sliders: one row an axis, of the set that is chosen.

import { SIGMA_LIMIT } from "../../latent/space.js";
import { byId, leavable, make, signed } from "../dom.js";

/** @typedef {import("../../latent/state.js").Exploration} Exploration */
/** @typedef {{ element: HTMLElement, fill: HTMLElement, value: HTMLElement, shown: number }} Row */

/** CSS pixels that a finger trembles. */
const SLOP = 6;

/** Sigmas from the middle of a track to its end. */
const REACH = 3;

export class Rows {
  /** @param {Exploration} exploration whose axes */
  constructor(exploration) {
    this.exploration = exploration;
    this.list = byId("rows", HTMLDivElement);
    this.filter = byId("filter", HTMLInputElement);
    this.empty = byId("rows-empty", HTMLParagraphElement);
    /** @type {Map<number, Row>} */
    this.rows = new Map();
    /** Rows that are in sight; others are brought up to date when they come. @type {Set<number>} */
    this.visible = new Set();
    this.set = -1;
    this.selected = -1;
    this.watcher = new IntersectionObserver((entries) => this.#seen(entries), { root: this.list.parentElement });
    this.filter.addEventListener("input", () => this.#arrange());
    leavable(this.filter, () => {
      this.#arrange();
      this.rows.get(this.selected)?.element.focus();
    });
    this.#chooser();
    this.update();
  }

  /** Bring what is in sight up to date. */
  update() {
    const { exploration } = this;
    if (this.set !== exploration.current) this.#rebuild();
    const coordinates = exploration.axisSet.coordinates(exploration.z);
    for (const row of this.visible) this.#show(row, coordinates[row]);
    const { row } = exploration;
    if (row === this.selected) return;
    this.#mark(this.selected, false);
    this.#mark(row, true);
    this.selected = row;
  }

  /** Move the keyboard's focus to the selected row. */
  focus() {
    this.rows.get(this.exploration.row)?.element.focus({ preventScroll: false });
  }

  get hasFocus() {
    return this.list.contains(document.activeElement);
  }

  #chooser() {
    const chooser = byId("sets", HTMLDivElement);
    const { sets } = this.exploration.space;
    chooser.hidden = sets.length < 2;
    this.buttons = sets.map((set, index) =>
      make("button", { type: "button", onclick: () => this.exploration.chooseSet(index) }, title(set.name)),
    );
    chooser.append(...this.buttons);
  }

  #rebuild() {
    const { axisSet, current } = this.exploration;
    this.set = current;
    this.selected = -1;
    this.watcher.disconnect();
    this.visible.clear();
    this.rows.clear();
    this.buttons?.forEach((button, index) => button.setAttribute("aria-pressed", String(index === current)));
    const letters = Math.max(...axisSet.rows.map(({ name }) => name.length));
    this.list.style.setProperty("--letters", String(letters));
    const strongest = Math.max(1e-9, ...(axisSet.effects ?? [0]));
    for (const row of axisSet.order) {
      const effect = axisSet.effects ? axisSet.effects[row] / strongest : 0;
      this.rows.set(row, this.#row(row, effect));
    }
    this.#arrange();
  }

  /** @param {number} row of an axis @param {number} effect of it, 0 to 1 of the strongest @returns {Row} */
  #row(row, effect) {
    const axis = this.exploration.axisSet.rows[row];
    const fill = make("span", { class: "fill" });
    const value = make("span", { class: "value" });
    const ends = axis.low || axis.high ? [make("i", {}, axis.low), make("i", {}, axis.high)] : [];
    const track = make("span", { class: "track" }, fill, make("span", { class: "ends" }, ...ends));
    const strength = make("span", { class: "strength" });
    strength.style.setProperty("--strength", String(effect));
    const known = this.exploration.axisSet.effects;
    const visible = known ? `visible effect ${known[row].toFixed(1)} of 255 levels a sigma` : "";
    const element = make(
      "div",
      {
        class: "row",
        role: "slider",
        tabindex: -1,
        "aria-label": [axis.name, axis.low && `from ${axis.low} to ${axis.high}`].filter(Boolean).join(", "),
        "aria-valuemin": -SIGMA_LIMIT,
        "aria-valuemax": SIGMA_LIMIT,
        "data-row": row,
        title: [axis.detail, visible].filter(Boolean).join(" · "),
      },
      make("span", { class: "name" }, axis.name, strength),
      track,
      value,
    );
    element.addEventListener("focus", () => this.exploration.select(row));
    element.addEventListener("dblclick", () => this.exploration.set(row, 0));
    this.#drag(track, row);
    return { element, fill, value, shown: NaN };
  }

  /** @param {HTMLElement} track of a row @param {number} row that is dragged on it */
  #drag(track, row) {
    /** @param {PointerEvent} event on the track */
    const follow = (event) => {
      const { left, width } = track.getBoundingClientRect();
      const share = Math.min(Math.max((event.clientX - left) / width, 0), 1);
      this.exploration.set(row, (2 * share - 1) * REACH, `drag ${this.set} ${row}`);
    };
    /** Where a finger came down that may yet scroll. @type {PointerEvent | null} */
    let undecided = null;
    track.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      undecided = event.pointerType === "touch" ? event : null;
      track.setPointerCapture(event.pointerId);
      this.exploration.settle();
      this.exploration.select(row);
      if (!undecided) follow(event);
    });
    track.addEventListener("pointermove", (event) => {
      if (!track.hasPointerCapture(event.pointerId)) return;
      if (undecided && !isAlong(undecided, event)) return;
      undecided = null;
      follow(event);
    });
    track.addEventListener("click", follow);
    track.addEventListener("lostpointercapture", () => this.exploration.settle());
  }

  #arrange() {
    const wanted = this.filter.value.trim().toLowerCase();
    const beginnings = wanted.match(/[\p{L}\p{N}]+/gu) ?? []; // "9 to 4" finds the row "4 to 9"
    const { axisSet } = this.exploration;
    const matching = axisSet.order.filter((row) => {
      const axis = axisSet.rows[row];
      const words = `${axis.name} ${axis.low} ${axis.high}`.toLowerCase();
      const parts = words.match(/[\p{L}\p{N}]+/gu) ?? [];
      const begins = beginnings.every((each) => parts.some((part) => part.startsWith(each)));
      return words.includes(wanted) || (beginnings.length > 0 && begins);
    });
    this.list.replaceChildren(...matching.map((row) => /** @type {Row} */ (this.rows.get(row)).element));
    this.empty.hidden = matching.length > 0;
    this.watcher.disconnect();
    for (const row of matching) this.watcher.observe(/** @type {Row} */ (this.rows.get(row)).element);
    if (wanted && matching.length) this.exploration.select(matching[0]);
  }

  /** @param {IntersectionObserverEntry[]} entries of rows that came into sight or went */
  #seen(entries) {
    const { exploration } = this;
    const coordinates = exploration.axisSet.coordinates(exploration.z);
    for (const { target, isIntersecting } of entries) {
      const row = Number(/** @type {HTMLElement} */ (target).dataset.row);
      if (!isIntersecting) this.visible.delete(row);
      else {
        this.visible.add(row);
        this.#show(row, coordinates[row]);
      }
    }
  }

  /** @param {number} row of an axis @param {number} sigma where z is on it */
  #show(row, sigma) {
    const parts = this.rows.get(row);
    if (!parts || parts.shown === sigma) return;
    parts.shown = sigma;
    const share = Math.min(Math.max(sigma / REACH, -1), 1);
    parts.fill.style.setProperty("--share", share.toFixed(4));
    parts.element.classList.toggle("beyond", Math.abs(sigma) > REACH);
    parts.element.classList.toggle("below", sigma < 0);
    const text = signed(sigma);
    if (parts.value.textContent !== text) {
      parts.value.textContent = text;
      parts.element.setAttribute("aria-valuenow", sigma.toFixed(2));
      parts.element.setAttribute("aria-valuetext", `${text} sigma`);
    }
  }

  /** @param {number} row of an axis @param {boolean} selected or no more */
  #mark(row, selected) {
    const element = this.rows.get(row)?.element;
    if (!element) return;
    element.classList.toggle("selected", selected);
    element.tabIndex = selected ? 0 : -1;
    if (selected) element.scrollIntoView({ block: "nearest" });
  }
}

/** @param {PointerEvent} start of a finger @param {PointerEvent} now @returns {boolean} whether it moves along the track */
function isAlong(start, now) {
  const across = Math.abs(now.clientX - start.clientX);
  return across > SLOP && across > Math.abs(now.clientY - start.clientY);
}

/** @param {string} name of a set @returns {string} with a capital */
function title(name) {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
