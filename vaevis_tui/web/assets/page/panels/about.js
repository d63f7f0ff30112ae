// The card of the model, its licence, and what decodes here.

import { byId, make } from "../dom.js";

/** @typedef {import("../../types.js").ModelRecord} ModelRecord */
/** @typedef {import("../../types.js").BackendInfo} BackendInfo */

/** Where the weights of pages without weights are, by what decodes. @type {Record<string, string>} */
const WHERE = { live: "on the server", notebook: "in the notebook" };

/** @param {ModelRecord} model of the page */
export function showCard(model) {
  const { card } = model;
  byId("title", HTMLHeadingElement).textContent = card?.title ?? model.name;
  document.title = `${card?.title ?? model.name} · vaevis-tui`;
  const rows = [];
  if (card) {
    byId("summary", HTMLParagraphElement).textContent = card.summary;
    rows.push(["What it cannot do", card.limits], ["Data", dataOf(card.data)], ["Licence of the data", card.data.licence]);
    rows.push(["Credit", card.data.attribution]);
  }
  const size = `${model.width} × ${model.height}, ${model.channels === 1 ? "grey" : "colour"}`;
  rows.push(
    ["Image", size],
    ["Latent", `${model.space.dim} dimensions`],
    ["Decoder", `${thousands(model.parameters)} weights, ${thousands(model.multiplyAdds)} multiply-adds an image`],
    ["Weights here", WHERE[model.live ?? ""] ?? model.weights],
    ["Version", [model.version, model.hash.slice(0, 12)].filter(Boolean).join(" · ")],
  );
  for (const note of model.notes) rows.push(["Note", note]);
  rows.push(...(card?.figures ?? []));
  byId("card", HTMLDListElement).append(...rows.flatMap(([name, text]) => [make("dt", {}, name), make("dd", {}, text)]));
  byId("program", HTMLParagraphElement).textContent = `Made with ${model.program}. Nothing leaves this page.`;
}

/** @param {BackendInfo} info of what decodes @param {string} reason why it does, and not another */
export function showBackend(info, reason) {
  const names = { webgpu: "WebGPU", cpu: "CPU", live: "Live" };
  byId("backend", HTMLSpanElement).textContent = names[info.backend];
  byId("backend", HTMLSpanElement).title = [info.device, info.detail, reason].filter(Boolean).join(" · ");
  byId("device", HTMLElement).textContent = [info.device, info.detail].filter(Boolean).join(" · ");
  const why = byId("reason", HTMLElement);
  why.textContent = reason;
  why.hidden = reason === "";
}

/** @param {{ name: string, url: string }} data set @returns {Node | string} its name, as a link where its address is one */
function dataOf({ name, url }) {
  return /^https?:\/\//.test(url) ? make("a", { href: url, rel: "noreferrer" }, name) : name;
}

/** @param {number} count of something */
function thousands(count) {
  return count.toLocaleString("en");
}

/** @param {string} reasons why nothing decodes */
export function showFailure(reasons) {
  byId("failure-reasons", HTMLParagraphElement).textContent = reasons;
  byId("failure", HTMLDivElement).hidden = false;
  byId("backend", HTMLSpanElement).textContent = "No decoder";
}
