// Resize of height and width. Where each row and column comes from is worked out in Python: for output index i,
// rows[i] and columns[i] hold (first source index, second source index, share of the second).
@group(0) @binding(1) var<storage, read> rows: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> columns: array<vec4<f32>>;

$access
$store

@compute @workgroup_size($workgroup)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x >= $(vec4s)u) { return; }
    let pixel = id.x % $(pixels)u;
    let block = id.x / $(pixels)u;
    let row = rows[pixel / $(width)u];
    let column = columns[pixel % $(width)u];
    let plane = (id.z * $(source_blocks)u + block) * $(source_height)u;
    let upper = (plane + u32(row.x)) * $(source_width)u;
    //! if linear
    let lower = (plane + u32(row.y)) * $(source_width)u;
    let above = mix(read_source(upper + u32(column.x)), read_source(upper + u32(column.y)), column.z);
    let below = mix(read_source(lower + u32(column.x)), read_source(lower + u32(column.y)), column.z);
    let value = mix(above, below, row.z);
    //! else
    let value = read_source(upper + u32(column.x));
    //! end
    store(value, id.z, block, pixel / $(width)u, pixel % $(width)u);
}
