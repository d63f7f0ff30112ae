// A decoder on WebGPU: runs the plan that vaevis_tui/web/plans.py writes. One command buffer and one compute pass a
// frame; pipelines, weights and buffers are made once.

/** @typedef {import("../types.js").Plan} Plan */
/** @typedef {import("../types.js").Binding} Binding */
/** @typedef {import("../types.js").BindingKind} BindingKind */
/** @typedef {import("../types.js").BackendInfo} BackendInfo */
/** @typedef {import("./arrays.js").Arrays} Arrays */

/** Texels in a row of a texture: element i lies in column i % TEXTURE_WIDTH of row i / TEXTURE_WIDTH. */
const TEXTURE_WIDTH = 2048;
const ROW_BYTES = TEXTURE_WIDTH * 16;

/** Bytes that a binding's offset is a multiple of, and the largest buffer, on every device. */
const ALIGNMENT = 256;
const MAX_BUFFER = 256 << 20;

/** @type {Record<BindingKind, Omit<GPUBindGroupLayoutEntry, "binding" | "visibility">>} */
const LAYOUTS = {
  "read buffer": { buffer: { type: "read-only-storage" } },
  "write buffer": { buffer: { type: "storage" } },
  "read texture": { texture: { sampleType: "unfilterable-float" } },
  "read texture words": { texture: { sampleType: "uint" } },
  "write texture": { storageTexture: { access: "write-only", format: "rgba32float" } },
};

/** @typedef {{ items: number, input: GPUBuffer, output: GPUBuffer, staging: GPUBuffer, groups: GPUBindGroup[] }} Lane */

/** Thrown once the device is lost; another one may work. */
export class DeviceLost extends Error {}

/**
 * The adapter that the browser gives out first, or null where there is none.
 * @returns {Promise<GPUAdapter | null>}
 */
export async function findAdapter() {
  if (!navigator.gpu) return null;
  return navigator.gpu.requestAdapter({ powerPreference: "high-performance" }).catch(() => null);
}

/** @param {GPUAdapter} adapter one @returns whether it is a software adapter */
export function isSoftware(adapter) {
  return adapter.info.isFallbackAdapter || /swiftshader|llvmpipe|basic render/i.test(describe(adapter));
}

/** @param {GPUAdapter} adapter one @returns its name */
function describe(adapter) {
  const { vendor, architecture, description } = adapter.info;
  return description || [vendor, architecture].filter(Boolean).join(" ") || "unnamed adapter";
}

/** Owns its device; see the Decoder interface. */
export class GpuDecoder {
  /**
   * @param {GPUAdapter} adapter where
   * @param {Plan} plan what to compute
   * @param {Arrays} arrays its constants
   * @param {number} dim length of a latent vector
   * @returns {Promise<GpuDecoder>}
   */
  static async open(adapter, plan, arrays, dim) {
    const device = await adapter.requestDevice();
    const decoder = new GpuDecoder(adapter, device, plan, dim);
    try {
      device.pushErrorScope("out-of-memory");
      device.pushErrorScope("validation");
      decoder.pipelines = await decoder.#compile();
      decoder.constants = decoder.#upload(arrays);
      decoder.#lane(1);
      const refused = (await device.popErrorScope()) ?? (await device.popErrorScope());
      if (refused) throw new Error(refused.message);
    } catch (error) {
      decoder.close();
      throw error;
    }
    return decoder;
  }

  /**
   * @param {GPUAdapter} adapter where
   * @param {GPUDevice} device of it
   * @param {Plan} plan what to compute
   * @param {number} dim length of a latent vector
   */
  constructor(adapter, device, plan, dim) {
    this.device = device;
    this.plan = plan;
    this.dim = dim;
    this.batch = plan.batch;
    /** @type {BackendInfo} */
    this.info = {
      backend: "webgpu",
      device: describe(adapter),
      detail: plan.textures ? "software adapter, textures" : "buffers",
    };
    /** @type {GPUComputePipeline[]} */
    this.pipelines = [];
    /** @type {Map<number, GPUBindingResource>} */
    this.constants = new Map();
    /** @type {Map<number, Lane>} */
    this.lanes = new Map();
    /** Why the device was lost. @type {string | null} */
    this.lost = null;
    device.lost.then((info) => (this.lost ??= info.message || info.reason));
    device.addEventListener("uncapturederror", (event) => {
      this.lost ??= /** @type {GPUUncapturedErrorEvent} */ (event).error.message;
    });
  }

  /**
   * @param {Float32Array} z latents, (n, d), n at most `batch`
   * @returns {Promise<Uint8ClampedArray>} RGBA, (n, h, w, 4)
   */
  async decode(z) {
    if (this.lost !== null) throw new DeviceLost(this.lost);
    const { dim } = this;
    const count = z.length / dim;
    const lane = this.#lane(count === 1 ? 1 : this.batch);
    const { device, plan } = this;
    const stride = plan.inputBytes / 4;
    const padded = new Float32Array(count * stride);
    for (let i = 0; i < count; i++) padded.set(z.subarray(i * dim, (i + 1) * dim), i * stride);
    device.queue.writeBuffer(lane.input, 0, padded);
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    plan.dispatches.forEach((dispatch, index) => {
      pass.setPipeline(this.pipelines[dispatch.shader]);
      pass.setBindGroup(0, lane.groups[index]);
      pass.dispatchWorkgroups(...dispatch.workgroups, count);
    });
    pass.end();
    const size = plan.outputBytes * count;
    encoder.copyBufferToBuffer(lane.output, 0, lane.staging, 0, size);
    device.queue.submit([encoder.finish()]);
    try {
      await lane.staging.mapAsync(GPUMapMode.READ, 0, size);
    } catch (error) {
      throw new DeviceLost(this.lost ?? String(error));
    }
    const images = new Uint8ClampedArray(lane.staging.getMappedRange(0, size)).slice();
    lane.staging.unmap();
    return images;
  }

  close() {
    this.device.destroy();
  }

  #compile() {
    return Promise.all(
      this.plan.shaders.map(async ({ code, bindings }) => {
        const { device } = this;
        const layout = device.createPipelineLayout({ bindGroupLayouts: [this.#layout(bindings)] });
        const compute = { module: device.createShaderModule({ code }), entryPoint: "main" };
        return device.createComputePipelineAsync({ layout, compute });
      }),
    );
  }

  /** @param {BindingKind[]} bindings of one kernel */
  #layout(bindings) {
    const entries = bindings.map((kind, binding) => ({
      binding,
      visibility: GPUShaderStage.COMPUTE,
      ...LAYOUTS[kind],
    }));
    return this.device.createBindGroupLayout({ entries });
  }

  /**
   * Put the constants on the device: weights of textures in textures, all else into as few buffers as it allows.
   * @param {Arrays} arrays the constants
   * @returns {Map<number, GPUBindingResource>} what to bind for each
   */
  #upload(arrays) {
    /** @type {Map<number, GPUBindingResource>} */
    const bound = new Map();
    /** @type {{ size: number, parts: [number, number, Uint8Array<ArrayBuffer>][] }[]} */
    const buffers = [{ size: 0, parts: [] }];
    for (const [index, texture] of constantsOf(this.plan)) {
      const bytes = arrays.bytes(index);
      if (texture) {
        bound.set(index, this.#filled(bytes).createView());
        continue;
      }
      let last = buffers[buffers.length - 1];
      if (last.size + bytes.length > MAX_BUFFER) buffers.push((last = { size: 0, parts: [] }));
      last.parts.push([index, last.size, bytes]);
      last.size += Math.ceil(bytes.length / ALIGNMENT) * ALIGNMENT;
    }
    for (const { size, parts } of buffers) {
      if (size === 0) continue;
      const buffer = this.#buffer(size, GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST);
      for (const [index, offset, bytes] of parts) {
        this.device.queue.writeBuffer(buffer, offset, bytes);
        bound.set(index, { buffer, offset, size: bytes.length });
      }
    }
    return bound;
  }

  /** @param {Uint8Array<ArrayBuffer>} bytes of words @returns a texture that holds them from its first texel on */
  #filled(bytes) {
    const texture = this.#texture(bytes.length, "rgba32uint", GPUTextureUsage.COPY_DST);
    const rows = texture.height;
    let whole = bytes;
    if (bytes.length !== rows * ROW_BYTES) (whole = new Uint8Array(rows * ROW_BYTES)).set(bytes);
    const layout = { bytesPerRow: ROW_BYTES, rowsPerImage: rows };
    this.device.queue.writeTexture({ texture }, whole, layout, [TEXTURE_WIDTH, rows]);
    return texture;
  }

  /** @param {number} items images at once @returns {Lane} buffers and bind groups for up to so many */
  #lane(items) {
    const known = this.lanes.get(items);
    if (known) return known;
    const { plan, device } = this;
    const output = plan.outputBytes * items;
    const lane = {
      items,
      input: this.#buffer(plan.inputBytes * items, GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST),
      output: this.#buffer(output, GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC),
      staging: this.#buffer(output, GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST),
      /** @type {GPUBindGroup[]} */
      groups: [],
    };
    const banks = plan.banks.map((bytes) =>
      plan.textures
        ? this.#texture(bytes * items, "rgba32float", GPUTextureUsage.STORAGE_BINDING)
        : this.#buffer(bytes * items, GPUBufferUsage.STORAGE),
    );
    /** @type {(binding: Binding) => GPUBindingResource} */
    const resource = (binding) => {
      if (binding === "input") return { buffer: lane.input };
      if (binding === "output") return { buffer: lane.output };
      if ("constant" in binding) return /** @type {GPUBindingResource} */ (this.constants.get(binding.constant));
      const bank = banks[binding.bank];
      if (bank instanceof GPUTexture) return bank.createView();
      return { buffer: bank, offset: binding.offset * items, size: binding.bytes * items };
    };
    lane.groups = plan.dispatches.map((dispatch) => {
      const layout = this.pipelines[dispatch.shader].getBindGroupLayout(0);
      const entries = dispatch.bindings.map((each, binding) => ({ binding, resource: resource(each) }));
      return device.createBindGroup({ layout, entries });
    });
    this.lanes.set(items, lane);
    return lane;
  }

  /** @param {number} size bytes @param {number} usage flags */
  #buffer(size, usage) {
    return this.device.createBuffer({ size: Math.ceil(size / 16) * 16, usage });
  }

  /** @param {number} bytes of texels @param {GPUTextureFormat} format of 16 bytes @param {number} usage flags */
  #texture(bytes, format, usage) {
    const size = [TEXTURE_WIDTH, Math.max(1, Math.ceil(bytes / ROW_BYTES))];
    return this.device.createTexture({ size, format, usage: usage | GPUTextureUsage.TEXTURE_BINDING });
  }
}

/** @param {Plan} plan one @returns {Map<number, boolean>} its constants, and whether each lies in a texture */
function constantsOf(plan) {
  const found = new Map();
  for (const { shader, bindings } of plan.dispatches) {
    bindings.forEach((binding, index) => {
      if (typeof binding === "object" && "constant" in binding) {
        found.set(binding.constant, plan.shaders[shader].bindings[index].includes("texture"));
      }
    });
  }
  return found;
}
