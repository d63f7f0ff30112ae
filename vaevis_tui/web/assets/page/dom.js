// Small helpers for the document.

/**
 * The element of an id.
 * @template {HTMLElement} T
 * @param {string} id of it
 * @param {new () => T} kind of it
 * @returns {T}
 */
export function byId(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`the page has no ${kind.name} "${id}"`);
  return found;
}

/**
 * A new element. Text is text: nothing in it is taken for markup.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag of it
 * @param {Record<string, string | number | boolean | EventListener | undefined>} [attributes] and listeners, as `onclick`
 * @param {...(Node | string)} children of it
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children);
  return element;
}

/**
 * @param {HTMLCanvasElement} canvas to paint on; it gets the image's size
 * @param {Uint8ClampedArray} image RGBA
 * @param {number} width of it
 * @param {number} height of it
 */
export function paint(canvas, image, width, height) {
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.putImageData(new ImageData(new Uint8ClampedArray(image), width, height), 0, 0);
}

/** @param {number} value in sigmas @returns {string} as it is shown: two digits, a real minus */
export function signed(value) {
  const text = Math.abs(value).toFixed(2);
  return Number(text) === 0 ? "0.00" : `${value < 0 ? "−" : "+"}${text}`;
}

/** Whether the person wants little motion. */
export function wantsLittleMotion() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/**
 * Calls at most once in so many milliseconds, and once more when it is quiet.
 * @param {number} milliseconds at least from call to call
 * @param {() => void} action called
 */
export function settled(milliseconds, action) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(action, milliseconds);
  };
}

/**
 * Let Enter and Escape empty and leave a field that one finds things by, so that keys do again what they do.
 * @param {HTMLInputElement} field of a search
 * @param {(key: string) => void} left does the rest
 */
export function leavable(field, left) {
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault();
    field.value = "";
    field.blur();
    left(event.key);
  });
}
