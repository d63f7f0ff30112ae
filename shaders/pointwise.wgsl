// Nothing but an epilogue: a thread makes four channels of one pixel.
$access
$store

@compute @workgroup_size($workgroup)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x >= $(vec4s)u) { return; }
    let pixel = id.x % $(pixels)u;
    store(vec4<f32>(), id.z, id.x / $(pixels)u, pixel / $(width)u, pixel % $(width)u);
}
