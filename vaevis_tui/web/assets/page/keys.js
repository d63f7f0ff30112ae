// The keys of the terminal's explorer, with what each does. One table makes bindings and help.

import { byId, make } from "./dom.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {{ keys: string[], shown?: string, text: string, run: (app: App) => void }} Key */

const PAGE = 10;

/** @type {Key[]} */
export const KEYS = [
  { keys: ["ArrowUp"], shown: "↑", text: "the axis above", run: (app) => app.select(-1) },
  { keys: ["ArrowDown"], shown: "↓", text: "the axis below", run: (app) => app.select(1) },
  { keys: ["PageUp"], shown: "PgUp", text: "a page up", run: (app) => app.select(-PAGE) },
  { keys: ["PageDown"], shown: "PgDn", text: "a page down", run: (app) => app.select(PAGE) },
  { keys: ["Home"], text: "the first axis", run: (app) => app.select(-Infinity) },
  { keys: ["End"], text: "the last axis", run: (app) => app.select(Infinity) },
  { keys: ["ArrowLeft"], shown: "←", text: "0.1 σ less", run: (app) => app.nudge(-0.1) },
  { keys: ["ArrowRight"], shown: "→", text: "0.1 σ more", run: (app) => app.nudge(0.1) },
  { keys: ["Shift+ArrowLeft", "<"], shown: "Shift ← <", text: "1 σ less", run: (app) => app.nudge(-1) },
  { keys: ["Shift+ArrowRight", ">"], shown: "Shift → >", text: "1 σ more", run: (app) => app.nudge(1) },
  { keys: ["Ctrl+ArrowLeft", ","], shown: "Ctrl ← ,", text: "0.01 σ less", run: (app) => app.nudge(-0.01) },
  { keys: ["Ctrl+ArrowRight", "."], shown: "Ctrl → .", text: "0.01 σ more", run: (app) => app.nudge(0.01) },
  { keys: ["Enter"], text: "type an exact value", run: (app) => app.askValue() },
  { keys: ["Backspace"], text: "this axis back to the mean", run: (app) => app.reset() },
  { keys: ["c"], text: "everything back to the mean", run: (app) => app.resetAll() },
  { keys: ["r"], text: "random sample", run: (app) => app.random() },
  { keys: ["w"], text: "random walk on and off", run: (app) => app.toggleWalk() },
  { keys: ["+", "="], shown: "+", text: "walk faster", run: (app) => app.changeSpeed(1) },
  { keys: ["-"], text: "walk slower", run: (app) => app.changeSpeed(-1) },
  { keys: ["u"], text: "undo; a held key or a walk is one step", run: (app) => app.undo() },
  { keys: ["U"], text: "redo", run: (app) => app.redo() },
  { keys: ["s"], text: "snapshot: a PNG with z inside", run: (app) => void app.files.save() },
  { keys: ["y"], text: "copy z", run: (app) => void app.files.copyLatent() },
  { keys: ["b"], text: "bookmark", run: (app) => app.bookmarks.add() },
  { keys: ["B"], text: "bookmarks", run: (app) => app.tabs.show("bookmarks") },
  { keys: ["n"], text: "the next anchor", run: (app) => app.anchor(1) },
  { keys: ["N"], text: "the anchor before", run: (app) => app.anchor(-1) },
  { keys: ["t"], text: "back to where the data are", run: (app) => app.pullBack() },
  { keys: ["p"], text: "map", run: (app) => app.tabs.show("map") },
  { keys: ["i"], text: "about the model", run: (app) => app.tabs.show("about") },
  { keys: ["a"], text: "the next set of axes", run: (app) => app.nextSet() },
  { keys: ["/"], text: "find an axis; Enter and Esc leave the field", run: (app) => app.findRow() },
  { keys: ["?", "F1"], shown: "?", text: "this help", run: () => byId("help", HTMLDialogElement).showModal() },
];

/** @param {App} app that they drive */
export function listen(app) {
  const known = new Map(KEYS.flatMap((key) => key.keys.map((name) => [name, key])));
  document.addEventListener("keydown", (event) => {
    if (event.metaKey || event.altKey || event.defaultPrevented || belongsElsewhere(event)) return;
    const key = known.get(nameOf(event));
    if (!key) return;
    event.preventDefault();
    key.run(app);
  });
  document.addEventListener("keyup", () => {
    if (app.exploration.key?.startsWith("nudge")) app.exploration.settle(); // a held key is one step, a walk goes on
  });
  const rows = KEYS.map(({ keys, shown, text }) =>
    make("tr", {}, make("td", {}, ...(shown ?? keys[0]).split(" ").map((each) => make("kbd", {}, each))), make("td", {}, text)),
  );
  byId("keys", HTMLTableSectionElement).append(...rows);
}

/** @param {KeyboardEvent} event of a key @returns {string} as `KEYS` name it */
function nameOf(event) {
  const named = event.key.length > 1;
  return `${event.ctrlKey ? "Ctrl+" : ""}${event.shiftKey && named ? "Shift+" : ""}${event.key}`;
}

/** @param {KeyboardEvent} event of a key @returns {boolean} whether what has the focus needs it */
function belongsElsewhere(event) {
  const target = /** @type {HTMLElement} */ (event.target);
  if (document.querySelector("dialog[open]")) return true;
  if (target.matches("input[type=range]")) return /^(Arrow|Page|Home|End)/.test(event.key);
  if (target.matches("input[type=checkbox]")) return event.key === " ";
  if (target.matches("input, textarea, select")) return event.key !== "Escape";
  if (target.matches("[role=tab]")) return /^(ArrowLeft|ArrowRight|Home|End|Enter)$/.test(event.key);
  return target.matches("button, a, summary") && event.key === "Enter";
}
