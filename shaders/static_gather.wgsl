// Elements elsewhere: a table gives each output lane the lane of the source that it is, or none.
@group(0) @binding(1) var<storage, read> table: array<vec4<u32>>;

$access
$store

fn fetch(start: u32, lane: u32) -> f32 {
    if (lane == $(none)u) { return $fill; }
    return read_source(start + lane / 4u)[lane % 4u];
}

@compute @workgroup_size($workgroup)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x >= $(vec4s)u) { return; }
    let lanes = table[id.x];
    let start = id.z * $(source_vec4s)u;
    let value = vec4<f32>(fetch(start, lanes.x), fetch(start, lanes.y), fetch(start, lanes.z), fetch(start, lanes.w));
    let pixel = id.x % $(pixels)u;
    store(value, id.z, id.x / $(pixels)u, pixel / $(width)u, pixel % $(width)u);
}
