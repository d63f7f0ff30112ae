// How a kernel reads and writes what is bound to it, by index, whether that is a buffer or a texture.
// A texture holds element i at column i % $texture_width of row i / $texture_width.
//! for tensor in reads
//! if tensor.texture
@group(0) @binding($(tensor.binding)) var $(tensor.name): texture_2d<f32>;

fn read_$(tensor.name)(index: u32) -> vec4<f32> {
    return textureLoad($(tensor.name), vec2<u32>(index % $(texture_width)u, index / $(texture_width)u), 0);
}
//! else
@group(0) @binding($(tensor.binding)) var<storage, read> $(tensor.name): array<vec4<f32>>;

fn read_$(tensor.name)(index: u32) -> vec4<f32> { return $(tensor.name)[index]; }
//! end
//! end
//! if packed
@group(0) @binding($(result.binding)) var<storage, read_write> result: array<u32>;

fn write_result(index: u32, value: u32) { result[index] = value; }
//! else
//! if result.texture
@group(0) @binding($(result.binding)) var result: texture_storage_2d<rgba32float, write>;

fn write_result(index: u32, value: vec4<f32>) {
    textureStore(result, vec2<u32>(index % $(texture_width)u, index / $(texture_width)u), value);
}
//! else
@group(0) @binding($(result.binding)) var<storage, read_write> result: array<vec4<f32>>;

fn write_result(index: u32, value: vec4<f32>) { result[index] = value; }
//! end
//! end
