// Light, dark, or as the system has it.

import { byId } from "./dom.js";

const THEMES = ["auto", "light", "dark"];
const KEY = "vaevis-tui theme";

/** Follow what was chosen last, and the button. */
export function followTheme() {
  const button = byId("theme", HTMLButtonElement);
  let chosen = document.documentElement.dataset.theme ?? THEMES[0]; // a notebook's, where it lies in one
  try {
    chosen = localStorage.getItem(KEY) ?? chosen;
  } catch {
    // A page that may keep nothing begins as the system has it.
  }
  const apply = () => {
    document.documentElement.dataset.theme = chosen;
    button.title = `Colours: ${chosen}`;
    button.setAttribute("aria-label", `Colours: ${chosen}`);
  };
  button.addEventListener("click", () => {
    chosen = THEMES[(THEMES.indexOf(chosen) + 1) % THEMES.length];
    apply();
    try {
      localStorage.setItem(KEY, chosen);
    } catch {
      // It is kept for as long as the page is open.
    }
  });
  apply();
}
