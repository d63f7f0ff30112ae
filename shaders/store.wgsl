// The end of every kernel: the epilogue in registers, then four channels of one pixel go to memory.
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
    write_result(item * $(pixels)u + y * $(width)u + x, (level.x * 0x010101u) | 0xff000000u);
    //! else
    write_result(item * $(pixels)u + y * $(width)u + x, level.x | (level.y << 8u) | (level.z << 16u) | 0xff000000u);
    //! end
    //! else
    //! if channels % 4
    // Lanes beyond the last channel stay zero: 0 times an infinity there would reach every sum that reads them.
    let lanes = vec4<u32>(block * 4u) + vec4<u32>(0u, 1u, 2u, 3u);
    let kept = select(vec4<f32>(), $value, lanes < vec4<u32>($(channels)u));
    //! else
    let kept = $value;
    //! end
    write_result(item * $(vec4s)u + (block * $(height)u + y) * $(width)u + x, kept);
    //! end
}
