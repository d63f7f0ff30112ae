// The end of every kernel: the epilogue in registers, then four channels of one pixel go to memory.
//! for operand in operands
@group(0) @binding($(operand.binding)) var<storage, read> $(operand.name): array<vec4<f32>>;
//! end
//! if packed
@group(0) @binding($result_binding) var<storage, read_write> result: array<u32>;
//! else
@group(0) @binding($result_binding) var<storage, read_write> result: array<vec4<f32>>;
//! end

fn store(computed: vec4<f32>, item: u32, block: u32, y: u32, x: u32) {
    //! for operand in operands
    let $(operand.name)_here = $(operand.load);
    //! end
    //! for name, expression in steps
    let $name = $expression;
    //! end
    //! if packed
    // RGBA8, rounded to even as the decoder's contract has it; grey repeats its channel.
    let level = vec4<u32>(round(clamp($value, vec4<f32>(), vec4<f32>(1.0)) * 255.0));
    //! if channels == 1
    result[item * $(pixels)u + y * $(width)u + x] = level.x * 0x010101u | 0xff000000u;
    //! else
    result[item * $(pixels)u + y * $(width)u + x] = level.x | (level.y << 8u) | (level.z << 16u) | 0xff000000u;
    //! end
    //! else
    //! if channels % 4
    // Lanes beyond the last channel stay zero: 0 times an infinity there would reach every sum that reads them.
    let lanes = vec4<u32>(block * 4u) + vec4<u32>(0u, 1u, 2u, 3u);
    let kept = select(vec4<f32>(), $value, lanes < vec4<u32>($(channels)u));
    //! else
    let kept = $value;
    //! end
    result[item * $(vec4s)u + (block * $(height)u + y) * $(width)u + x] = kept;
    //! end
}
