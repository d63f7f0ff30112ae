// Nothing but multiply-adds, in chains that do not wait for each other: what an adapter can do at most.
@group(0) @binding(0) var<storage, read_write> result: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let factor = vec4<f32>(0.999);
    let start = vec4<f32>(f32(id.x % 64u));
    //! for chain in range(chains)
    var x$chain = start + $(chain).0;
    //! end
    for (var i = 0u; i < $(iterations)u; i++) {
        //! for chain in range(chains)
        x$chain = fma(x$chain, factor, start);
        //! end
    }
    result[id.x % 64u] = $(" + ".join("x%d" % chain for chain in range(chains)));
}
