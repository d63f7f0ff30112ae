// Before textual-serve's script: where it connects to, keys from the start, and a way back once the program has ended.

const terminal = /** @type {HTMLElement} */ (document.getElementById("terminal"));
terminal.dataset.sessionWebsocketUrl = `${location.origin.replace(/^http/, "ws")}/terminal`;
window.addEventListener("load", () =>
  requestAnimationFrame(() => /** @type {HTMLElement | null} */ (terminal.querySelector("textarea"))?.focus()),
);
const again = /** @type {HTMLElement} */ (document.getElementById("again"));
again.addEventListener("click", () => location.reload());
new MutationObserver(() => again.focus()).observe(document.body, { attributeFilter: ["class"] });
