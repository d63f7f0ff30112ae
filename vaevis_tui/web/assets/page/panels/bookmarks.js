// Bookmarks: points that somebody wants to find again, kept in this browser, beside their model.

import { fromFragment, toFragment } from "../address.js";
import { byId, make } from "../dom.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {{ name: string, z: string, image: string }} Bookmark */

const NAME_LENGTH = 80;
const LIMIT = 200;

export class Bookmarks {
  /** @param {App} app whose points */
  constructor(app) {
    this.app = app;
    this.key = `vaevis-tui bookmarks ${app.model.hash || app.model.name}`;
    this.list = byId("bookmarks", HTMLDivElement);
    this.empty = byId("bookmarks-empty", HTMLParagraphElement);
    /** @type {Bookmark[]} */
    this.items = this.#read() ?? [];
    byId("bookmark-add", HTMLButtonElement).addEventListener("click", () => this.add());
    addEventListener("storage", ({ key }) => {
      if (key !== this.key) return; // another tab changed them
      this.items = this.#read() ?? this.items;
      this.#show();
    });
    this.#show();
  }

  /** Keep what is on show. */
  add() {
    if (this.items.length >= LIMIT) return this.app.notify(`There are ${LIMIT} bookmarks already; remove some first.`);
    const name = this.#freeName();
    const added = { name, z: toFragment(this.app.exploration.z), image: this.app.thumbnail() };
    this.#change((items) => [...items, added]);
    return this.app.notify(`Kept as ${name}.`);
  }

  #freeName() {
    const taken = new Set(this.items.map(({ name }) => name));
    let number = 1;
    while (taken.has(`bookmark ${number}`)) number++;
    return `bookmark ${number}`;
  }

  /** @param {(items: Bookmark[]) => Bookmark[]} edit of them, as the last tab that changed them left them */
  #change(edit) {
    this.items = edit(this.#read() ?? this.items);
    this.#show();
    try {
      localStorage.setItem(this.key, JSON.stringify(this.items));
    } catch {
      this.app.notify("This browser keeps nothing for this page: bookmarks end with it.");
    }
  }

  /** @returns {Bookmark[] | null} null where nothing is kept, or what is kept cannot be read */
  #read() {
    try {
      const found = JSON.parse(localStorage.getItem(this.key) ?? "null");
      /** @param {any} item of unknown origin */
      const sound = ({ name, z, image }) =>
        typeof name === "string" && typeof image === "string" && fromFragment(z, this.app.space) !== null;
      return Array.isArray(found) ? found.filter(sound).slice(0, LIMIT) : null;
    } catch {
      return null;
    }
  }

  #show() {
    this.empty.hidden = this.items.length > 0;
    this.list.replaceChildren(...this.items.map((item) => this.#cell(item)));
  }

  /** @param {Bookmark} item of the list */
  #cell(item) {
    const image = make("img", { alt: "", src: item.image.startsWith("data:image/") ? item.image : "" });
    const go = () => {
      const z = fromFragment(item.z, this.app.space);
      if (z) this.app.glide(z);
    };
    const name = make("input", { value: item.name, maxlength: NAME_LENGTH, "aria-label": "Name of the bookmark" });
    name.addEventListener("change", () => {
      const text = name.value.trim() || item.name;
      this.#change((items) => items.map((each) => (sameBookmark(each, item) ? { ...item, name: text } : each)));
    });
    const remove = () => this.#change((items) => items.filter((each) => !sameBookmark(each, item)));
    return make(
      "div",
      { class: "cell" },
      make("button", { type: "button", "aria-label": `Go to ${item.name}`, onclick: go }, image),
      name,
      make("button", { type: "button", class: "remove", "aria-label": `Remove ${item.name}`, onclick: remove }, "×"),
    );
  }
}

/** @param {Bookmark} a one @param {Bookmark} b another @returns whether they are the same */
function sameBookmark(a, b) {
  return a.name === b.name && a.z === b.z;
}
