// Reshape and Transpose: each output lane finds its flat index in the output's shape, walks the axes back to the
// view of the source, and reads there.

$access
$store

fn fetch(item: u32, channel: u32, pixel: u32) -> f32 {
    var rest = channel * $(pixels)u + pixel;
    var flat = 0u;
    // Axes of the output's view from the last: length, and how far one step moves in the source's view.
    //! for length, step in axes
    flat += (rest % $(length)u) * $(step)u;
    rest /= $(length)u;
    //! end
    let source_channel = flat / $(source_pixels)u;
    let place = (source_channel / 4u) * $(source_pixels)u + flat % $(source_pixels)u;
    return read_source(item * $(source_vec4s)u + place)[source_channel % 4u];
}

@compute @workgroup_size($workgroup)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x >= $(vec4s)u) { return; }
    let pixel = id.x % $(pixels)u;
    let block = id.x / $(pixels)u;
    var value = vec4<f32>();
    //! for lane in range(4)
    if (block * 4u + $(lane)u < $(channels)u) { value.$("xyzw"[lane]) = fetch(id.z, block * 4u + $(lane)u, pixel); }
    //! end
    store(value, id.z, block, pixel / $(width)u, pixel % $(width)u);
}
