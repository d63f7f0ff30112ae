// Matrix times vector: a thread makes four outputs. Weights lie [inputs / 4][outputs / 4], so that neighbouring
// threads read neighbouring blocks.
@group(0) @binding(2) var<storage, read> bias: array<vec4<f32>>;

$access
$weights
$store

@compute @workgroup_size($workgroup)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let output = id.x;
    if (output >= $(outputs)u) { return; }
    var sum = bias[output];
    let start = id.z * $(inputs)u;
    for (var input = 0u; input < $(inputs)u; input += $(unroll)u) {
        //! for step in range(unroll)
        sum += weight((input + $(step)u) * $(outputs)u + output) * read_source(start + input + $(step)u);
        //! end
    }
    let pixel = output % $(pixels)u;
    store(sum, id.z, output / $(pixels)u, pixel / $(width)u, pixel % $(width)u);
}
