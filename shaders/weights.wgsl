// Weights come in blocks of 4 outputs by 4 inputs, one column an input: block * source adds up four inputs.
// A float16 block is 8 u32, a float32 block 16; both lie in vec4s, in a buffer or in a texture.
//! if texture
@group(0) @binding($binding) var weights: texture_2d<u32>;

fn weight_word(index: u32) -> vec4<u32> {
    return textureLoad(weights, vec2<u32>(index % $(texture_width)u, index / $(texture_width)u), 0);
}
//! else
@group(0) @binding($binding) var<storage, read> weights: array<vec4<u32>>;

fn weight_word(index: u32) -> vec4<u32> { return weights[index]; }
//! end

//! if half
// The numbers of one texel: two columns of a block.
fn weight_texel(index: u32) -> mat2x4<f32> {
    let a = weight_word(index);
    return mat2x4<f32>(
        vec4<f32>(unpack2x16float(a.x), unpack2x16float(a.y)),
        vec4<f32>(unpack2x16float(a.z), unpack2x16float(a.w)),
    );
}

fn weight(index: u32) -> mat4x4<f32> {
    let a = weight_word(index * 2u);
    let b = weight_word(index * 2u + 1u);
    return mat4x4<f32>(
        vec4<f32>(unpack2x16float(a.x), unpack2x16float(a.y)),
        vec4<f32>(unpack2x16float(a.z), unpack2x16float(a.w)),
        vec4<f32>(unpack2x16float(b.x), unpack2x16float(b.y)),
        vec4<f32>(unpack2x16float(b.z), unpack2x16float(b.w)),
    );
}
//! else
// The numbers of one texel: a column of a block.
fn weight_texel(index: u32) -> vec4<f32> { return bitcast<vec4<f32>>(weight_word(index)); }

fn weight(index: u32) -> mat4x4<f32> {
    return mat4x4<f32>(
        bitcast<vec4<f32>>(weight_word(index * 4u)),
        bitcast<vec4<f32>>(weight_word(index * 4u + 1u)),
        bitcast<vec4<f32>>(weight_word(index * 4u + 2u)),
        bitcast<vec4<f32>>(weight_word(index * 4u + 3u)),
    );
}
//! end
