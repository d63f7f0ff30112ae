// Matrix times vector: a thread makes four outputs. Weights lie [outputs / 4 / $together][inputs / 4][$together], so
// that neighbouring threads read neighbouring blocks, and go on where they ended.
//! if split > 1
// The sum over the inputs is split among $split threads of a workgroup: alone, few outputs do not fill a GPU.
//! end
@group(0) @binding(2) var<storage, read> bias: array<vec4<f32>>;

$access
$weights
$store
//! if split > 1

const PLACES = $(workgroup // split)u;
var<workgroup> parts: array<vec4<f32>, $workgroup>;
//! end

@compute @workgroup_size($workgroup)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    //! if split > 1
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
    //! end
) {
    //! if split > 1
    let own = group.x * PLACES + local % PLACES;
    let slice = local / PLACES;
    //! else
    let own = id.x * $(sample)u;
    if (own >= $(outputs)u) { return; }
    let slice = 0u;
    //! end
    let output = min(own, $(outputs - 1)u);
    let start = id.z * $(inputs)u;
    let first = (output / $(together)u) * $(inputs * together)u + output % $(together)u;
    var sum = vec4<f32>();
    for (var input = slice * $(unroll)u; input < $(inputs)u; input += $(unroll * split)u) {
        //! for step in range(unroll)
        sum += weight(first + (input + $(step)u) * $(together)u) * read_source(start + input + $(step)u);
        //! end
    }
    //! if split > 1
    parts[local] = sum;
    workgroupBarrier();
    if (slice > 0u || own >= $(outputs)u) { return; }
    for (var other = local + PLACES; other < $(workgroup)u; other += PLACES) { sum += parts[other]; }
    //! end
    let pixel = output % $(pixels)u;
    store(sum + bias[output], id.z, output / $(pixels)u, pixel / $(width)u, pixel % $(width)u);
}
