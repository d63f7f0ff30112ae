// Convolution by register blocking: a thread makes $pixels neighbouring pixels of $(block_count) x 4 channels, in each of
// $(len(phases)) phases. A source pixel is loaded once for all that read it, a weight block once for all pixels.
@group(0) @binding(2) var<storage, read> bias: array<vec4<f32>>;

$access
$weights
$store

@compute @workgroup_size($workgroup)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
    if (id.x >= $(columns * grid_height)u) { return; }
    let row = id.x / $(columns)u;
    let column = (id.x % $(columns)u) * $(pixels)u;
    let top = i32(row * $(stride_y)u);
    let left = i32(column * $(stride_x)u);
    //! for m in range(block_count)
    let block$m = group.y * $(block_count)u + $(m)u;
    //! for phase in phases
    //! for p in range(pixels)
    var sum_$(m)_$(phase)_$p = bias[block$m];
    //! end
    //! end
    //! end
    for (var input = 0u; input < $(input_blocks)u; input++) {
        let plane = (id.z * $(input_blocks)u + input) * $(source_height * source_width)u;
        //! for m in range(block_count)
        let first$m = (block$m * $(input_blocks)u + input) * $(tap_count)u;
        //! end
        //! for line in lines
        //! if line.edge
        if (top + ($(line.offset)) >= 0 && top + ($(line.offset)) < $source_height) {
        //! else
        {
        //! end
            let start = plane + u32(top + ($(line.offset))) * $(source_width)u;
            //! for index, offset, edge in line.loads
            //! if edge
            let x$index = left + ($offset);
            let v$index = select(
                vec4<f32>(), read_source(start + u32(clamp(x$index, 0, $(source_width - 1)))),
                x$index >= 0 && x$index < $source_width);
            //! else
            let v$index = read_source(start + u32(left + ($offset)));
            //! end
            //! end
            //! for m in range(block_count)
            //! for tap in line.taps
            let w$(m)_$(tap.index) = weight(first$m + $(tap.index)u);
            //! for p in range(pixels)
            sum_$(m)_$(tap.phase)_$p += w$(m)_$(tap.index) * v$(tap.loads[p]);
            //! end
            //! end
            //! end
        }
        //! end
    }
    //! for m in range(block_count)
    //! if guard_blocks
    if (block$m < $(output_blocks)u) {
    //! else
    {
    //! end
        //! if shuffle > 1
        // Each run of channel blocks is a phase of the enlarged output.
        let phase = block$m / $(run)u;
        let y0 = row * $(shuffle)u + phase / $(shuffle)u;
        let x0 = column * $(shuffle)u + phase % $(shuffle)u;
        let channel_block = block$m % $(run)u;
        //! else
        let y0 = row * $(scale)u;
        let x0 = column * $(scale)u;
        let channel_block = block$m;
        //! end
        //! for p in range(pixels)
        //! if guard_pixels and p
        if (column + $(p)u < $(grid_width)u) {
        //! else
        {
        //! end
            //! for phase in phases
            store(sum_$(m)_$(phase)_$p, id.z, channel_block, y0 + $(phase // scale)u, x0 + $(p * scale * shuffle + phase % scale)u);
            //! end
        }
        //! end
    }
    //! end
}
