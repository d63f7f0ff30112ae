// Mean or maximum over height and width: a thread makes four channels.

$access
$store

@compute @workgroup_size($workgroup)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x >= $(vec4s)u) { return; }
    let start = (id.z * $(source_blocks)u + id.x) * $(source_pixels)u;
    var result = read_source(start);
    for (var pixel = 1u; pixel < $(source_pixels)u; pixel++) {
        //! if maximum
        result = max(result, read_source(start + pixel));
        //! else
        result += read_source(start + pixel);
        //! end
    }
    //! if not maximum
    result /= $(source_pixels).0;
    //! end
    store(result, id.z, id.x, 0u, 0u);
}
