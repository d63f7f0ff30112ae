// Join tensors along the channels; a source may begin at a channel that is no multiple of four.
$access
$store

fn fetch(item: u32, channel: u32, pixel: u32) -> f32 {
    //! for source in sources
    if (channel < $(source.end)u) {
        let own = channel - $(source.begin)u;
        return read_source$(source.index)(($(source.item) * $(source.blocks)u + own / 4u) * $(pixels)u + pixel)[own % 4u];
    }
    //! end
    return 0.0;
}

@compute @workgroup_size($workgroup)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x >= $(vec4s)u) { return; }
    let pixel = id.x % $(pixels)u;
    let block = id.x / $(pixels)u;
    let value = vec4<f32>(
        fetch(id.z, block * 4u, pixel),
        fetch(id.z, block * 4u + 1u, pixel),
        fetch(id.z, block * 4u + 2u, pixel),
        fetch(id.z, block * 4u + 3u, pixel),
    );
    store(value, id.z, block, pixel / $(width)u, pixel % $(width)u);
}
