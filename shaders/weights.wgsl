// Weights come in blocks of 4 outputs by 4 inputs, one column an input: block * source adds up four inputs.
//! if half
@group(0) @binding($weights_binding) var<storage, read> weights: array<vec4<u32>>;

fn weight(index: u32) -> mat4x4<f32> {
    let a = weights[index * 2u];
    let b = weights[index * 2u + 1u];
    return mat4x4<f32>(
        vec4<f32>(unpack2x16float(a.x), unpack2x16float(a.y)),
        vec4<f32>(unpack2x16float(a.z), unpack2x16float(a.w)),
        vec4<f32>(unpack2x16float(b.x), unpack2x16float(b.y)),
        vec4<f32>(unpack2x16float(b.z), unpack2x16float(b.w)),
    );
}
//! else
@group(0) @binding($weights_binding) var<storage, read> weights: array<mat4x4<f32>>;

fn weight(index: u32) -> mat4x4<f32> { return weights[index]; }
//! end
