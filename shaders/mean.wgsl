// Mean over height and width: a thread makes four channels.

$access
$store

@compute @workgroup_size($workgroup)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x >= $(vec4s)u) { return; }
    let start = (id.z * $(source_blocks)u + id.x) * $(source_pixels)u;
    var sum = vec4<f32>();
    for (var pixel = 0u; pixel < $(source_pixels)u; pixel++) {
        sum += read_source(start + pixel);
    }
    store(sum / $(source_pixels).0, id.z, id.x, 0u, 0u);
}
