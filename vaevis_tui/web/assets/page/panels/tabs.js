// The panels beside the image, as tabs; on wide screens the sliders are always there.

import { byId } from "../dom.js";

/** @typedef {import("../app.js").App} App */

/** Where the sliders have a place of their own: as style.css has it. */
const WIDE = "(min-width: 1700px)";

export class Tabs {
  /** @param {App} app whose panels */
  constructor(app) {
    this.list = byId("tabs", HTMLDivElement);
    this.tabs = /** @type {HTMLButtonElement[]} */ ([...this.list.children]);
    this.wide = matchMedia(WIDE);
    const { space, model } = app;
    this.#tab("map").hidden = !model.space.plane;
    this.#tab("anchors").hidden = space.anchors.labels.length === 0;
    for (const tab of this.tabs) tab.addEventListener("click", () => this.choose(tab));
    this.list.addEventListener("keydown", (event) => this.#key(event));
    this.wide.addEventListener("change", () => this.#fit());
    this.chosen = this.#tab(space.dim === 2 ? "map" : "sliders");
    this.#fit();
  }

  /** @param {HTMLButtonElement} tab whose panel is shown */
  choose(tab) {
    this.chosen = tab;
    for (const each of this.tabs) {
      const selected = each === tab;
      each.setAttribute("aria-selected", String(selected));
      each.tabIndex = selected ? 0 : -1;
      const panel = byId(/** @type {string} */ (each.getAttribute("aria-controls")), HTMLElement);
      panel.hidden = !selected && !(this.wide.matches && each.id === "tab-sliders");
    }
  }

  /** @param {string} name of a panel to show, where the model has it */
  show(name) {
    const tab = this.#tab(name);
    if (!tab.hidden) this.choose(tab);
  }

  /** The sliders' own place comes or goes with the width. */
  #fit() {
    const sliders = this.#tab("sliders");
    sliders.hidden = this.wide.matches;
    const other = this.tabs.find((tab) => tab !== sliders && !tab.hidden);
    this.choose(this.wide.matches && this.chosen === sliders && other ? other : this.chosen);
  }

  /** @param {string} name of a panel @returns {HTMLButtonElement} its tab */
  #tab(name) {
    return byId(`tab-${name}`, HTMLButtonElement);
  }

  /** @param {KeyboardEvent} event on the tabs */
  #key(event) {
    const shown = this.tabs.filter((tab) => !tab.hidden);
    const at = shown.indexOf(this.chosen);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: shown.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const tab = shown[(to + shown.length) % shown.length];
    this.choose(tab);
    tab.focus();
  }
}
