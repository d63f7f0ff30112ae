// Convolution by register blocking: a thread makes $pixels neighbouring positions of $block_count x 4 channels, and at
// each position all $scale phases across (phases down are different threads). A source pixel is loaded once for all
// that read it, a weight block once for all positions. What lies across is written out; rows and channels are loops,
// for a text three times as long takes three times as long to compile.
//! if broadcast
// All lanes need the same weights: each loads other texels of them, and every lane reads them from there.
//! end
//! if split > 1
// The sum over the input channels is split among $split threads of a workgroup: a small image alone has too few
// outputs to fill a GPU.
//! end
@group(0) @binding(2) var<storage, read> bias: array<vec4<f32>>;

$access
$weights
$store
//! if split > 1

const PLACES = $(workgroup // split)u;
var<workgroup> parts: array<array<vec4<f32>, $workgroup>, $(block_count * scale * pixels)>;
//! end

@compute @workgroup_size($workgroup)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(workgroup_id) group: vec3<u32>,
    //! if split > 1
    @builtin(local_invocation_index) local: u32,
    //! end
    //! if broadcast
    @builtin(subgroup_invocation_id) lane: u32,
    //! end
) {
    //! if split > 1
    let own = group.x * PLACES + local % PLACES;
    let slice = local / PLACES;
    //! else
    let own = id.x;
    //! end
    //! if everyone
    let place = min(own, $(places - 1)u);  // nobody leaves whose texels or sums others read
    //! else
    if (own >= $(places)u) { return; }
    let place = own;
    //! end
    let row = place / $(columns)u;
    let column = (place % $(columns)u) * $(pixels)u;
    let left = i32(column * $(stride_x)u);
    //! if scale > 1
    let phase_y = group.y / $(block_groups)u;
    var first_rows = array<i32, $scale>($first_rows);
    var row_counts = array<u32, $scale>($row_counts);
    let top = i32(row) + first_rows[phase_y];
    let rows = row_counts[phase_y];
    //! else
    let phase_y = 0u;
    let top = i32(row * $(stride_y)u) + ($(first_rows[0]));
    let rows = $(row_counts[0])u;
    //! end
    //! for m in range(block_count)
    let block$m = (group.y % $(block_groups)u) * $(block_count)u + $(m)u;
    //! if split > 1
    let start$m = select(vec4<f32>(), bias[block$m], slice == 0u);
    //! else
    let start$m = bias[block$m];
    //! end
    //! for phase in range(scale)
    //! for p in range(pixels)
    var sum_$(m)_$(phase)_$p = start$m;
    //! end
    //! end
    //! end
    //! if split > 1
    for (var input = slice; input < $(input_blocks)u; input += $(split)u) {
    //! else
    for (var input = 0u; input < $(input_blocks)u; input++) {
    //! end
        let plane = (id.z * $(input_blocks)u + input) * $(source_height * source_width)u;
        //! for m in range(block_count)
        let taps$m = ((phase_y * $(padded_blocks)u + block$m) * $(input_blocks)u + input) * $(max(row_counts) * len(taps))u;
        //! end
        for (var i = 0u; i < rows; i++) {
            //! if broadcast
            //! for m in range(block_count)
            let first$m = (taps$m + i * $(len(taps))u) * $(texels)u + lane % 8u;
            //! for n in range(fetches)
            let texel$(m)_$n = weight_texel(first$m + $(8 * n)u);
            //! end
            //! end
            //! end
            let y = top + i32(i) * $row_step;
            //! if broadcast
            // Others read this lane's texels, so it stays with them where its row lies outside.
            let inside = y >= 0 && y < $source_height;
            let start = plane + u32(clamp(y, 0, $(source_height - 1))) * $(source_width)u;
            {
            //! else
            if (y >= 0 && y < $source_height) {
                let start = plane + u32(y) * $(source_width)u;
            //! end
                //! for index, offset, edge in loads
                //! if edge
                let x$index = left + ($offset);
                let v$index = select(
                    vec4<f32>(), read_source(start + u32(clamp(x$index, 0, $(source_width - 1)))),
                    //! if broadcast
                    inside &&
                    //! end
                    x$index >= 0 && x$index < $source_width);
                //! else
                //! if broadcast
                let v$index = select(vec4<f32>(), read_source(start + u32(left + ($offset))), inside);
                //! else
                let v$index = read_source(start + u32(left + ($offset)));
                //! end
                //! end
                //! end
                //! for m in range(block_count)
                //! for tap in taps
                //! if broadcast
                let w$(m)_$(tap.index) = mat4x4<f32>(
                    //! for texel, owner in tap.columns
                    subgroupBroadcast(texel$(m)_$texel, $(owner)u),
                    //! end
                );
                //! else
                let w$(m)_$(tap.index) = weight(taps$m + i * $(len(taps))u + $(tap.index)u);
                //! end
                //! for p in range(pixels)
                sum_$(m)_$(tap.phase)_$p += w$(m)_$(tap.index) * v$(tap.loads[p]);
                //! end
                //! end
                //! end
            }
        }
    }
    //! if split > 1
    //! for m in range(block_count)
    //! for phase in range(scale)
    //! for p in range(pixels)
    parts[$((m * scale + phase) * pixels + p)][local] = sum_$(m)_$(phase)_$p;
    //! end
    //! end
    //! end
    workgroupBarrier();
    if (slice > 0u) { return; }
    for (var other = local + PLACES; other < $(workgroup)u; other += PLACES) {
        //! for m in range(block_count)
        //! for phase in range(scale)
        //! for p in range(pixels)
        sum_$(m)_$(phase)_$p += parts[$((m * scale + phase) * pixels + p)][other];
        //! end
        //! end
        //! end
    }
    //! end
    //! for m in range(block_count)
    //! if everyone
    if (block$m < $(output_blocks)u && own < $(places)u) {
    //! else
    //! if guard_blocks
    if (block$m < $(output_blocks)u) {
    //! else
    {
    //! end
    //! end
        //! if shuffle > 1
        // Each run of channel blocks is a phase of the enlarged output.
        let phase = block$m / $(run)u;
        let y = row * $(shuffle)u + phase / $(shuffle)u;
        let x = column * $(shuffle)u + phase % $(shuffle)u;
        let channel_block = block$m % $(run)u;
        //! else
        let y = row * $(scale)u + phase_y;
        let x = column * $(scale)u;
        let channel_block = block$m;
        //! end
        //! for p in range(pixels)
        //! if guard_pixels and p
        if (column + $(p)u < $(grid_width)u) {
        //! else
        {
        //! end
            //! for phase in range(scale)
            store(sum_$(m)_$(phase)_$p, id.z, channel_block, y, x + $(p * scale * shuffle + phase)u);
            //! end
        }
        //! end
    }
    //! end
}
