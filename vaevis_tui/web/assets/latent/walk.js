// The endless random walk where the data lie. As vaevis_tui/latent/motion/ has it (random_walk.py, mixture_walk.py): knots
// with a position and a velocity, joined by cubic arcs, on the typical shell of one normal distribution or of one
// component of a mixture after the other.

import { dot, norm, unit } from "./linear.js";

/** @typedef {import("./random.js").Random} Random */
/** @typedef {import("./space.js").LatentSpace} LatentSpace */
/** @typedef {import("./mixture.js").Mixture} Mixture */
/** @typedef {{ x: Float64Array, velocity: Float64Array }} Knot */
/** @typedef {[number, number, number]} Shell */

const KNOTS_PER_RADIAN = 32;
const KNOTS_PER_GIVE = 8;
const MEMORY_RADIANS = 0.25;
const CURVATURE = 2;
const RADIAL_NOISE = 0.6;
const INSET = 0.01;
const TURN_OVERSHOOT = 1 - Math.log(2);
const MAX_STEP_SECONDS = 0.1;

/** Length of a stay within a component, and least length of a crossing, in radians of the shell. */
const STAY = [0.4, 1.2];
const LEAST_CROSSING = 0.5;
const LEAST_SPEED = 0.25;

/** Components that are considered for a crossing, and how many of the most probable may take over. */
const NEAREST = 24;
const CHOICE = 8;

/** @param {LatentSpace} space one @returns a speed that suits the eye: the shell once round in 25 seconds */
export function unhurriedSpeed(space) {
  return space.shell[1] / 4;
}

export class Walk {
  /**
   * @param {LatentSpace} space where
   * @param {Float32Array} z from here
   * @param {Random} random numbers
   */
  constructor(space, z, random) {
    this.space = space;
    this.path = space.mixture
      ? new MixturePath(space, space.mixture, z, random)
      : pathFrom(space.whiten(z), space.shell, random);
    this.distance = 0;
  }

  /**
   * @param {number} seconds that went by
   * @param {number} speed in whitened sigmas a second
   * @returns {Float32Array} z
   */
  step(seconds, speed) {
    this.distance += Math.min(Math.max(seconds, 0), MAX_STEP_SECONDS) * speed;
    while (this.distance >= this.path.spacing) {
      this.distance -= this.path.spacing;
      this.path.advance();
    }
    return this.space.unwhiten(this.path.between(this.distance / this.path.spacing));
  }
}

class WalkPath {
  /** @param {number} spacing from knot to knot @param {Knot} start the first knot */
  constructor(spacing, start) {
    this.spacing = spacing;
    this.from = start;
    this.to = start;
  }

  advance() {
    this.from = this.to;
    this.to = this.next();
  }

  /** @param {number} share of the distance to the next knot @returns {Float64Array} there */
  between(share) {
    const rest = 1 - share;
    const { from, to, spacing } = this;
    return from.x.map(
      (x, i) =>
        rest * rest * (1 + 2 * share) * x +
        share * rest * rest * spacing * from.velocity[i] +
        share * share * (3 - 2 * share) * to.x[i] -
        share * share * rest * spacing * to.velocity[i],
    );
  }

  /** @returns {Knot} */
  next() {
    throw new Error("an abstract path");
  }
}

/** A path in two or more dimensions. */
class ShellPath extends WalkPath {
  /** @param {Float64Array} x from here, whitened @param {Shell} shell of the data @param {Random} random numbers */
  constructor(x, [low, median, high], random) {
    const radian = Math.max(Math.min(Math.max(median, low), high), high / 4);
    const give = Math.max((high - low) / 2, radian / 64);
    const spacing = Math.min(radian / KNOTS_PER_RADIAN, give / KNOTS_PER_GIVE);
    const radius = norm(x);
    super(spacing, { x, velocity: new Float64Array(x.length) });
    this.random = random;
    this.low = low + INSET * (high - low);
    this.high = high - INSET * (high - low);
    this.median = Math.min(Math.max(median, this.low), this.high);
    this.give = give;
    this.curvature = CURVATURE / radian / Math.sqrt(x.length - 1);
    this.memory = Math.exp(-spacing / (MEMORY_RADIANS * radian));
    this.radialMemory = Math.exp(-spacing / give);
    this.radius = radius;
    this.normal = radius > 0 ? unit(x) : unit(random.normals(x.length));
    this.turning = random.normals(x.length).map((value) => value * this.curvature);
    this.swell = random.normal();
    this.heading = this.limited(this.randomTangent());
    const pace = this.pace();
    this.from = this.to = { x, velocity: this.heading.map((value) => value * pace) };
    this.to = this.next();
  }

  next() {
    const pace = this.pace();
    this.move(pace * this.spacing);
    const arriving = this.heading.map((value) => value * pace);
    this.turn();
    const leaving = this.pace();
    const velocity = arriving.map((value, i) => (value + leaving * this.heading[i]) / 2);
    return { x: this.normal.map((value) => value * this.radius), velocity };
  }

  /** Steps grow with the radius outside the shell: a way back from far out takes seconds. */
  pace() {
    return Math.max(1, this.radius / this.high);
  }

  /** @param {number} length straight on: the radius by its share of the heading, the rest along a great circle */
  move(length) {
    const outwards = dot(this.heading, this.normal);
    const tangent = this.heading.map((value, i) => value - outwards * this.normal[i]);
    const sideways = norm(tangent);
    if (sideways > 0 && this.radius > 0) {
      const angle = (length * sideways) / this.radius;
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      const along = tangent.map((value) => value / sideways);
      const turned = along.map((value, i) => c * value - s * this.normal[i]);
      this.normal = unit(this.normal.map((value, i) => c * value + s * along[i]));
      this.heading = this.normal.map((value, i) => outwards * value + sideways * turned[i]);
    }
    this.radius += length * outwards;
  }

  /** Curvature and swell wander by one spacing; the heading turns by both and the spring. */
  turn() {
    const { memory, radialMemory, random } = this;
    const fresh = this.curvature * Math.sqrt(1 - memory * memory);
    this.turning = this.turning.map((value) => value * memory + fresh * random.normal());
    this.swell = radialMemory * this.swell + Math.sqrt(1 - radialMemory ** 2) * random.normal();
    const outwards = dot(this.heading, this.normal);
    const spring = Math.tanh((this.median - this.radius) / this.give);
    const radial = (spring - outwards + RADIAL_NOISE * this.swell) / this.give;
    const pull = this.turning.map((value, i) => value + radial * this.normal[i]);
    const along = dot(pull, this.heading);
    const turned = this.heading.map((value, i) => value + this.spacing * (pull[i] - along * value));
    this.heading = this.limited(unit(turned));
  }

  /** @param {Float64Array} heading a unit vector @returns {Float64Array} with no more radial share than the borders allow */
  limited(heading) {
    const outwards = dot(heading, this.normal);
    const highest = Math.max(Math.min((this.high - this.radius) / this.give, 1), -1);
    let lowest = Math.max((this.low - this.radius) / this.give, -1);
    if (this.radius < this.low) lowest = 1 - (this.radius / this.low) ** 2;
    const allowed = Math.max(Math.min(outwards, highest), lowest);
    if (allowed === outwards) return heading;
    /** @type {Float64Array} */
    let tangent = heading.map((value, i) => value - outwards * this.normal[i]);
    tangent = norm(tangent) > 1e-9 ? unit(tangent) : this.randomTangent();
    const sideways = Math.sqrt(1 - allowed * allowed);
    return tangent.map((value, i) => allowed * this.normal[i] + sideways * value);
  }

  randomTangent() {
    const direction = this.random.normals(this.normal.length);
    const outwards = dot(direction, this.normal);
    return unit(direction.map((value, i) => value - outwards * this.normal[i]));
  }
}

/** A path in one dimension: to and fro through the mean, turning at random points beyond the median. */
class LinePath extends WalkPath {
  /** @param {Float64Array} x from here, whitened @param {Shell} shell of the data @param {Random} random numbers */
  constructor(x, [low, median, high], random) {
    super(high / KNOTS_PER_RADIAN, { x, velocity: new Float64Array(1) });
    this.random = random;
    this.near = median;
    this.high = high - INSET * (high - low);
    this.relaxation = high / 8;
    this.sense = random.next() < 0.5 ? 1 : -1;
    this.goal = this.nextGoal();
    this.to = this.next();
  }

  nextGoal() {
    return this.random.uniform(Math.min(this.near, this.high), this.high);
  }

  /** @returns {Knot} */
  next() {
    const x = this.to.x[0];
    const velocity = this.to.velocity[0];
    const pace = Math.max(1, Math.abs(x) / this.high);
    if (this.sense * x >= this.goal - TURN_OVERSHOOT * this.relaxation - this.spacing) {
      this.sense = -this.sense;
      this.goal = this.nextGoal();
    }
    const target = this.sense * pace;
    const faster = target + (velocity - target) * Math.exp(-this.spacing / this.relaxation);
    const there = x + (this.spacing * (velocity + faster)) / 2;
    return { x: Float64Array.of(there), velocity: Float64Array.of(faster) };
  }
}

/** @param {Float64Array} x whitened @param {Shell} shell of the data @param {Random} random numbers @returns {WalkPath} */
function pathFrom(x, shell, random) {
  return x.length === 1 ? new LinePath(x, shell, random) : new ShellPath(x, shell, random);
}

/** A path through a mixture: about in one component, then over to another. */
class MixturePath extends WalkPath {
  /**
   * @param {LatentSpace} space where
   * @param {Mixture} mixture of the data
   * @param {Float32Array} z from here
   * @param {Random} random numbers
   */
  constructor(space, mixture, z, random) {
    super(1, { x: space.whiten(z), velocity: new Float64Array(space.dim) });
    const radian = Math.sqrt(Math.max(space.dim - 2 / 3, 0.5)); // the median norm of N(0, I), nearly
    const shell = /** @type {Shell} */ ([Math.max(radian - 1.16, 0.05), radian, radian + 1.16]);
    this.space = space;
    this.mixture = mixture;
    this.random = random;
    this.radian = radian;
    this.here = this.there = mixture.nearest(z);
    this.inner = pathFrom(mixture.whiten(z, this.here), shell, random);
    this.usual = this.usualSpeed();
    this.speed = this.usual;
    this.walked = 0;
    this.length = this.stay();
    this.from = this.to = this.knot(this.inner.from);
    this.to = this.next();
  }

  /** Way of z, in whitened sigmas, where x goes one. */
  usualSpeed() {
    let squares = 0;
    const { mixture, space } = this;
    for (const factor of mixture.factors) {
      for (let row = 0; row < space.dim; row++) {
        squares += norm(this.change(factor.subarray(row * space.dim, (row + 1) * space.dim))) ** 2;
      }
    }
    return Math.sqrt(squares / (mixture.factors.length * space.dim));
  }

  next() {
    const within = this.inner.to;
    this.inner.advance();
    this.walked += this.inner.spacing;
    if (this.walked >= this.length) {
      this.walked -= this.length;
      this.turnOver(within.x);
    }
    const before = this.speed;
    const knot = this.knot(within);
    this.spacing = (this.inner.spacing * (before + this.speed)) / 2;
    return knot;
  }

  /** @param {Knot} within a knot of x @returns {Knot} the same of the path */
  knot({ x, velocity }) {
    const { mixture, space } = this;
    const [share, rate] = this.crossing();
    const [start, end] = [this.here, this.there].map((each) => mixture.unwhiten(x, each));
    const [turnedHere, turnedThere] = [this.here, this.there].map((each) => mixture.turn(velocity, each));
    const change = start.map(
      (value, i) => (1 - share) * turnedHere[i] + share * turnedThere[i] + rate * (end[i] - value),
    );
    const moved = this.change(change);
    const pace = Math.max(1, norm(velocity));
    this.speed = Math.max(norm(moved) / pace, LEAST_SPEED * this.usual);
    const place = space.whiten(start.map((value, i) => (1 - share) * value + share * end[i]));
    return { x: place, velocity: moved.map((value) => value / this.speed) };
  }

  /** The share of the component that takes over, smooth at both ends, and its derivative by the length of x. */
  crossing() {
    if (this.here === this.there) return [0, 0];
    const along = this.walked / this.length;
    return [along * along * (3 - 2 * along), (6 * along * (1 - along)) / this.length];
  }

  /** End a stay and begin a crossing, or end a crossing and begin a stay. @param {Float64Array} x where */
  turnOver(x) {
    if (this.here === this.there) {
      const [there, distance] = this.destination(x);
      this.there = there;
      this.length = Math.max(LEAST_CROSSING * this.radian, distance / this.usual);
    } else {
      this.here = this.there;
    }
    if (this.here === this.there) this.length = this.stay();
  }

  stay() {
    return this.random.uniform(STAY[0], STAY[1]) * this.radian;
  }

  /**
   * One of the nearest components whose crossing is most probable, drawn by weight; and how far away it is.
   * @param {Float64Array} x where
   * @returns {[number, number]}
   */
  destination(x) {
    const { mixture, here } = this;
    const from = mixture.unwhiten(x, here);
    const crossings = Array.from({ length: mixture.size }, (_, each) => {
      const step = mixture.unwhiten(x, each).map((value, i) => value - from[i]);
      return { each, step, distance: norm(step) };
    });
    const near = crossings.filter(({ each }) => each !== here).sort((a, b) => a.distance - b.distance);
    const judged = near.slice(0, NEAREST).map(({ each, step }) => {
      const at = [0.25, 0.5, 0.75].map((share) =>
        mixture.logDensity(from.map((value, i) => value + share * step[i])),
      );
      return { each, step, density: Math.min(...at) };
    });
    const best = judged.sort((a, b) => b.density - a.density).slice(0, CHOICE);
    if (best.length === 0) return [here, 0];
    const chosen = best[this.random.choice(best.map(({ each }) => mixture.weights[each]))];
    return [chosen.each, norm(this.change(chosen.step))];
  }

  /** @param {ArrayLike<number>} ofZ a change of z @returns {Float64Array} of the space's whitened coordinates */
  change(ofZ) {
    return this.space.whiten(this.space.mean.map((value, i) => value + ofZ[i]));
  }
}
