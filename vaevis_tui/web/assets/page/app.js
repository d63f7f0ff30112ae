// The page: what it shows, what moves it, and what programs can ask of it.

import { DecodeService } from "../engine/service.js";
import { Random } from "../latent/random.js";
import { LatentSpace, placeOf, pullBack } from "../latent/space.js";
import { Exploration } from "../latent/state.js";
import { slerp } from "../latent/linear.js";
import { Walk, unhurriedSpeed } from "../latent/walk.js";
import { showBackend, showCard, showFailure } from "./panels/about.js";
import { fromFragment, numbers, toFragment } from "./address.js";
import { AnchorGallery } from "./panels/anchors.js";
import { backends } from "./backends.js";
import { Between } from "./panels/between.js";
import { Bookmarks } from "./panels/bookmarks.js";
import { byId, paint, settled, signed, wantsLittleMotion } from "./dom.js";
import { Host } from "./host.js";
import { listen } from "./keys.js";
import { LatentMap } from "./panels/map.js";
import { FrameMeter } from "./meter.js";
import { Rows } from "./panels/rows.js";
import { Strip } from "./panels/strip.js";
import { Tabs } from "./panels/tabs.js";
import { Transfer } from "./transfer.js";

/** @typedef {import("../types.js").ModelRecord} ModelRecord */
/** @typedef {import("../engine/arrays.js").Arrays} Arrays */
/** @typedef {import("../engine/service.js").Frame} Frame */

/** Of a glide to another point, where decoding is fast enough to show one. */
const GLIDE_SECONDS = 0.35;
const FAST = 30;

/** Milliseconds until a server that went is asked again. */
const ASK_AGAIN = 2000;

/** Speeds of the walk, as shares of the unhurried one. */
const SPEEDS = [0.125, 0.25, 0.5, 1, 2, 4, 8];

export class App {
  /** @param {ModelRecord} model of the page @param {Arrays} arrays of it */
  constructor(model, arrays) {
    this.model = model;
    this.arrays = arrays;
    this.space = new LatentSpace(model.space, arrays);
    this.random_ = Random.unseeded();
    const asked = fromFragment(location.hash, this.space);
    this.exploration = new Exploration(this.space, asked ?? this.space.first);
    this.canvas = byId("image", HTMLCanvasElement);
    this.message = byId("message", HTMLDivElement);
    this.quiet = settled(4000, () => this.message.classList.remove("shown"));
    /** What was shown last. @type {Float32Array | null} */
    this.shown = null;
    this.meter = new FrameMeter();
    /** @type {Frame | null} */
    this.frame = null;
    /** @type {Walk | null} */
    this.walk = null;
    this.speed = SPEEDS.indexOf(1);
    /** @type {{ from: Float64Array, to: Float64Array, z: Float32Array, share: number } | null} */
    this.gliding = null;
    this.animating = false;
    this.last = 0;
    /** @type {DecodeService} */
    this.service = new DecodeService(this.space.dim, [], {
      onFrame: (frame) => this.#show(frame),
      onBackend: (info, reason) => {
        showBackend(info, [this.reason, reason].filter(Boolean).join("; "));
        this.#recover();
        if (this.service.reasons.length) this.notify(`${info.backend === "cpu" ? "CPU" : info.device} decodes now: ${reason}`);
        this.exploration.listeners.forEach((listener) => listener());
      },
      onFailure: (reasons) => this.#fail(reasons),
    });
    this.reason = "";
    this.host = model.live === "notebook" ? new Host() : null;
    showCard(model);
    this.rows = new Rows(this.exploration);
    this.strip = new Strip(this);
    this.anchors = new AnchorGallery(this);
    this.bookmarks = new Bookmarks(this);
    this.between = new Between(this);
    this.map = model.space.plane ? new LatentMap(this, model.space.plane) : null;
    this.tabs = new Tabs(this);
    this.remember = settled(300, () => this.#remember());
    this.exploration.onChange(() => this.#moved());
    this.#buttons();
    this.files = new Transfer(this);
    listen(this);
    if (this.host) this.host.onLatent = (z) => this.show(z);
    if (!asked && location.hash.length > 1) this.#refuseAddress();
    this.#moved();
  }

  /** Open a decoder. */
  async start() {
    const { candidates, reason } = await backends(this.model, this.arrays, this.host);
    this.reason = reason;
    this.service.candidates = candidates;
    await this.service.start();
    if (this.service.decoder === null) throw new Error(this.service.reasons.join("; "));
  }

  #moved() {
    const { exploration } = this;
    if (this.shown !== exploration.z) {
      this.shown = exploration.z;
      this.service.show(exploration.z);
      this.map?.update();
      this.#tell();
      this.remember();
    }
    this.rows.update();
    this.strip.update();
    byId("undo", HTMLButtonElement).disabled = exploration.past.length === 0;
    byId("redo", HTMLButtonElement).disabled = exploration.future.length === 0;
    this.animate();
  }

  /** How typical z is, and which anchor is near. */
  #tell() {
    const share = this.space.percentile(this.exploration.z);
    const { axisSet, row, coordinate } = this.exploration;
    const whole = placeOf(share);
    const passed = whole !== "beyond the data" && this.anchors.isBeyond(axisSet, row, coordinate);
    const place = passed ? "beyond the data" : whole;
    const gauge = byId("typical", HTMLDivElement);
    gauge.style.setProperty("--share", share.toFixed(3));
    gauge.dataset.place = place;
    const subject = passed ? `${axisSet.rows[row].name} ` : "";
    const measured = `${place === "central" ? "central" : "typical"} ${Math.round(100 * share)} %`;
    const words = place === "beyond the data" ? `${subject}${place}` : measured;
    byId("typical-words", HTMLSpanElement).textContent = words;
    const nearest = this.anchors.nearest(this.exploration.z);
    byId("nearest", HTMLSpanElement).textContent = nearest ? `near ${nearest}` : "";
  }

  /** @param {Frame} frame that was decoded */
  #show(frame) {
    const { width, height } = this.model;
    paint(this.canvas, frame.image, width, height);
    this.frame = frame;
    this.host?.tell(frame.z);
    this.meter.count(frame.milliseconds);
    this.canvas.dataset.live = "true";
    document.documentElement.classList.remove("loading");
  }

  /** @param {string[]} reasons why nothing decodes */
  #fail(reasons) {
    document.documentElement.classList.remove("loading");
    document.documentElement.classList.add("failed");
    showFailure(reasons.join("; "));
    if (!this.model.live || this.host) return;
    byId("failure-hint", HTMLParagraphElement).textContent = "It is asked again every other second.";
    setTimeout(() => void this.service.retry(), ASK_AGAIN);
  }

  /** Something decodes again. */
  #recover() {
    const failure = byId("failure", HTMLDivElement);
    if (failure.hidden) return;
    failure.hidden = true;
    document.documentElement.classList.remove("failed");
    this.notify("The server is back.");
  }

  #refuseAddress() {
    this.notify(`The address holds no latent of this model (${this.space.dim} numbers).`);
  }

  /** @param {string} text that is told, and read out */
  notify(text) {
    this.message.textContent = text;
    this.message.classList.add("shown");
    this.quiet();
  }

  // -- moving --------------------------------------------------------------------------------------------------

  /** @param {Float32Array} z to show, at once */
  show(z) {
    this.stopMotion();
    this.exploration.go(z);
  }

  /** @param {number} sigmas to move along the selected axis */
  nudge(sigmas) {
    this.stopMotion();
    this.exploration.nudge(sigmas);
  }

  /** @param {number} places down the rows */
  select(places) {
    const focused = this.rows.hasFocus;
    this.exploration.selectBy(places);
    if (focused) this.rows.focus();
  }

  findRow() {
    this.tabs.show("sliders");
    this.rows.filter.focus();
  }

  nextSet() {
    this.exploration.chooseSet((this.exploration.current + 1) % this.space.sets.length);
  }

  reset() {
    this.stopMotion();
    this.exploration.set(this.exploration.row, 0);
  }

  resetAll() {
    this.glide(this.space.mean);
  }

  random() {
    this.glide(this.space.sample(this.random_));
  }

  /** @param {number} places to another anchor */
  anchor(places) {
    const z = this.anchors.next(places);
    if (z) this.glide(z);
    else this.notify("This model has no anchors.");
  }

  pullBack() {
    const { axisSet, row, z } = this.exploration;
    const typical = pullBack(this.space, z);
    const sigma = axisSet.coordinate(typical, row);
    const beyond = this.anchors.isBeyond(axisSet, row, sigma);
    this.glide(beyond ? axisSet.set(typical, row, Math.sign(sigma) * this.anchors.reach(axisSet, row, sigma)) : typical);
  }

  undo() {
    this.stopMotion();
    if (!this.exploration.undo()) this.notify("Nothing to undo.");
  }

  redo() {
    this.stopMotion();
    if (!this.exploration.redo()) this.notify("Nothing to redo.");
  }

  /** Go to another point, in a short glide where that can be shown. @param {Float32Array} z where to */
  glide(z) {
    this.stopMotion();
    const { exploration, space } = this;
    if (wantsLittleMotion() || this.meter.milliseconds > FAST) return exploration.go(z);
    exploration.settle();
    this.gliding = { from: space.whiten(exploration.z), to: space.whiten(z), z, share: 0 };
    this.animate();
  }

  toggleWalk() {
    if (this.walk) this.stopWalking();
    else {
      this.stopMotion();
      this.exploration.settle();
      this.walk = new Walk(this.space, this.exploration.z, this.random_);
      byId("walk", HTMLButtonElement).setAttribute("aria-pressed", "true");
      this.animate();
    }
  }

  stopWalking() {
    this.walk = null;
    byId("walk", HTMLButtonElement).setAttribute("aria-pressed", "false");
    this.exploration.settle();
  }

  /** End walk, glide and journey: somebody moves by hand. */
  stopMotion() {
    if (this.gliding) this.exploration.go(this.gliding.z, "glide");
    this.gliding = null;
    if (this.walk) this.stopWalking();
    if (this.between.playing) this.between.stop();
    this.exploration.settle();
  }

  /** @param {number} places faster, or slower where negative */
  changeSpeed(places) {
    this.speed = Math.min(Math.max(this.speed + places, 0), SPEEDS.length - 1);
    byId("speed", HTMLOutputElement).value = `${SPEEDS[this.speed]}×`;
  }

  /** Keep moving for as long as something moves by itself. */
  animate() {
    if (this.animating || !(this.walk || this.gliding || this.between.playing)) return;
    this.animating = true;
    this.last = performance.now();
    const tick = (/** @type {number} */ now) => {
      const seconds = Math.max(0, now - this.last) / 1000;
      this.last = now;
      this.#tick(seconds);
      if (this.walk || this.gliding || this.between.playing) requestAnimationFrame(tick);
      else this.animating = false;
    };
    requestAnimationFrame(tick);
  }

  /** @param {number} seconds that went by */
  #tick(seconds) {
    const { space, exploration } = this;
    if (this.walk) {
      exploration.go(this.walk.step(seconds, SPEEDS[this.speed] * unhurriedSpeed(space)), "walk");
    } else if (this.gliding) {
      const { from, to, z } = this.gliding;
      this.gliding.share += seconds / GLIDE_SECONDS;
      const share = this.gliding.share;
      if (share >= 1) {
        this.gliding = null;
        exploration.go(z, "glide");
        exploration.settle();
      } else {
        const eased = 1 - (1 - share) ** 3;
        exploration.go(space.unwhiten(slerp(from, to, eased)), "glide");
      }
    }
    this.between.tick(seconds);
  }

  // -- values, files, addresses --------------------------------------------------------------------------------

  askValue() {
    const { exploration } = this;
    const dialog = byId("value", HTMLDialogElement);
    const input = byId("value-input", HTMLInputElement);
    byId("value-name", HTMLLabelElement).textContent = `${exploration.axisSet.rows[exploration.row].name}, in σ`;
    input.value = signed(exploration.coordinate).replace("−", "-").replace("+", "");
    dialog.onclose = () => {
      const [value] = numbers(input.value);
      if (dialog.returnValue !== "set") return;
      if (value === undefined) this.notify(`'${input.value}' is no number.`);
      else {
        this.stopMotion();
        exploration.set(exploration.row, value);
      }
    };
    dialog.returnValue = "";
    dialog.showModal();
    input.select();
  }

  /** @returns {string} the image on show, small, as an address of its data */
  thumbnail() {
    const scale = Math.min(1, 96 / Math.max(this.canvas.width, this.canvas.height));
    const small = document.createElement("canvas");
    small.width = Math.max(1, Math.round(this.canvas.width * scale));
    small.height = Math.max(1, Math.round(this.canvas.height * scale));
    small.getContext("2d")?.drawImage(this.canvas, 0, 0, small.width, small.height);
    return small.toDataURL("image/png");
  }

  #remember() {
    try {
      history.replaceState(null, "", `#${toFragment(this.exploration.z)}`);
    } catch {
      // A page without an address of its own, as in a notebook, remembers nothing.
    }
  }

  #buttons() {
    /** @type {Record<string, () => void>} */
    const actions = {
      random: () => this.random(),
      walk: () => this.toggleWalk(),
      slower: () => this.changeSpeed(-1),
      faster: () => this.changeSpeed(1),
      undo: () => this.undo(),
      redo: () => this.redo(),
      mean: () => this.resetAll(),
      save: () => void this.files.save(),
      link: () => {
        this.#remember();
        void this.files.copy(location.href, "The address of this image is copied.");
      },
      "help-open": () => byId("help", HTMLDialogElement).showModal(),
    };
    for (const [id, action] of Object.entries(actions)) byId(id, HTMLButtonElement).addEventListener("click", action);
    addEventListener("hashchange", () => {
      const z = fromFragment(location.hash, this.space);
      if (z) this.glide(z);
      else this.#refuseAddress();
    });
  }
}
