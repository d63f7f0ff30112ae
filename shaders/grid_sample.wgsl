// Pixels at computed places: x and y of each, from -1 to 1, are the first two channels of the grid. A thread makes four
// channels of one pixel.
$access
$store

fn tap(plane: u32, place: vec2<f32>) -> vec4<f32> {
    let last = vec2<f32>($(source_width - 1).0, $(source_height - 1).0);
    //! if padding == "zeros"
    if (!(all(place >= vec2<f32>()) && all(place <= last))) { return vec4<f32>(); }
    //! end
    let inside = vec2<u32>(clamp(place, vec2<f32>(), last));
    return read_source0(plane + inside.y * $(source_width)u + inside.x);
}

@compute @workgroup_size($workgroup)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x >= $(vec4s)u) { return; }
    let pixel = id.x % $(pixels)u;
    let block = id.x / $(pixels)u;
    let plane = $(source_item)block * $(source_pixels)u;
    let size = vec2<f32>($(source_width).0, $(source_height).0);
    //! if align_corners
    var place = (read_source1($(grid_item)pixel).xy + 1.0) * 0.5 * (size - 1.0);
    //! else
    var place = ((read_source1($(grid_item)pixel).xy + 1.0) * size - 1.0) * 0.5;
    //! end
    //! if padding == "border"
    place = clamp(place, vec2<f32>(), size - 1.0);
    //! end
    //! if mode == "nearest"
    let value = tap(plane, round(place));
    //! else
    let low = floor(place);
    let share = place - low;
    let above = mix(tap(plane, low), tap(plane, low + vec2<f32>(1.0, 0.0)), share.x);
    let below = mix(tap(plane, low + vec2<f32>(0.0, 1.0)), tap(plane, low + 1.0), share.x);
    let value = mix(above, below, share.y);
    //! end
    store(value, id.z, block, pixel / $(width)u, pixel % $(width)u);
}
