// What vaevis_tui/web writes and the page reads. For the type checker and for people; no browser loads it.

export interface Entry {
  encoding: "float32" | "uint32" | "float16" | "int12" | "int8" | "uint8";
  count: number;
  offset: number;
  bytes: number;
}

export type BindingKind =
  | "read buffer"
  | "write buffer"
  | "read texture"
  | "read texture words"
  | "write texture";

export type Binding =
  | "input"
  | "output"
  | { constant: number }
  | { bank: number; offset: number; bytes: number };

/** A decoder for WebGPU: see vaevis_tui/web/plans.py. Bytes are of one example. */
export interface Plan {
  inputBytes: number;
  outputBytes: number;
  banks: number[];
  textures: boolean;
  batch: number;
  shaders: { code: string; bindings: BindingKind[] }[];
  dispatches: { shader: number; workgroups: [number, number]; bindings: Binding[] }[];
}

export interface AxisRow {
  name: string;
  low: string;
  high: string;
  detail: string;
}

export interface AxisSetRecord {
  name: string;
  rows: AxisRow[];
  order: number[];
  effects: number[] | null;
  along?: number;
}

export interface PlaneRecord {
  origin: number;
  u: number;
  v: number;
  names: [string, string];
  extent: [number, number, number, number];
  density: number;
  side: number;
}

/** The latent space: see vaevis_tui/web/space_record.py. Numbers are places in the arrays. */
export interface SpaceRecord {
  dim: number;
  mean: number;
  std: number;
  axes: number;
  variances: number;
  shell: [number, number, number];
  first: number;
  sets: AxisSetRecord[];
  anchors: { z: number; labels: string[] };
  typical: number[] | null;
  mixture?: { weights: number; means: number; factors: number; own: boolean };
  plane?: PlaneRecord;
}

export interface CardRecord {
  title: string;
  summary: string;
  limits: string;
  version: string;
  data: { name: string; licence: string; attribution: string; url: string };
  figures: [string, string][];
}

/** Where onnxruntime-web lies, and what it must be. */
export interface OrtRecord {
  module: string;
  wasm: string;
  model: string;
  integrity: { module: string; wasm: string };
}

export interface ModelRecord {
  format: 1;
  program: string;
  name: string;
  reference: string;
  version: string;
  hash: string;
  height: number;
  width: number;
  channels: number;
  parameters: number;
  multiplyAdds: number;
  notes: string[];
  card: CardRecord | null;
  space: SpaceRecord;
  entries: Entry[];
  /** First image, (h, w, 3): what a decoder has to agree with. Place in the arrays. */
  expected: number;
  /** Levels of 255 by which it may differ. */
  tolerance: number;
  weights: string;
  plans: { gpu: Plan; software: Plan } | null;
  ort: OrtRecord | null;
  /** Address of the live backend, where Python decodes; "notebook" where that is what the page lies in. */
  live: string | null;
}

/** What anywidget hands to a widget's view: its traits in Python, and messages to it and from it. */
export interface WidgetModel {
  get(name: string): any;
  set(name: string, value: unknown): void;
  save_changes(): void;
  send(content: object, callbacks?: undefined, buffers?: ArrayBuffer[]): void;
  on(event: string, listener: (...values: any[]) => void): void;
  off(event: string, listener: (...values: any[]) => void): void;
}

/** What decodes, for people. */
export interface BackendInfo {
  backend: "webgpu" | "cpu" | "live";
  device: string;
  detail: string;
}

export interface Decoder {
  readonly info: BackendInfo;
  /** Images decoded at once at most. */
  readonly batch: number;
  /** z of n latents, (n, d), to RGBA, (n, h, w, 4). */
  decode(z: Float32Array): Promise<Uint8ClampedArray>;
  close(): void;
}

// Flags of WebGPU, which TypeScript's own declarations leave out.
declare global {
  const GPUMapMode: { readonly READ: number };
  const GPUShaderStage: { readonly COMPUTE: number };
  const GPUBufferUsage: Record<"MAP_READ" | "COPY_SRC" | "COPY_DST" | "STORAGE", number>;
  const GPUTextureUsage: Record<"COPY_DST" | "TEXTURE_BINDING" | "STORAGE_BINDING", number>;
}
