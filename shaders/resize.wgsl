// Resize of height and width. Where each row and column comes from is worked out in Python: for output index i,
// rows[i] and columns[i] hold (first source index, second source index, share of the second), or for cubic resizing
// four indices at 2 i and their weights at 2 i + 1.
@group(0) @binding(1) var<storage, read> rows: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> columns: array<vec4<f32>>;

$access
$store

@compute @workgroup_size($workgroup)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x >= $(vec4s)u) { return; }
    let pixel = id.x % $(pixels)u;
    let block = id.x / $(pixels)u;
    let plane = (id.z * $(source_blocks)u + block) * $(source_height)u;
    //! if mode == "cubic"
    let row = rows[pixel / $(width)u * 2u];
    let column = columns[pixel % $(width)u * 2u];
    let down = rows[pixel / $(width)u * 2u + 1u];
    let across = columns[pixel % $(width)u * 2u + 1u];
    var value = vec4<f32>();
    //! for i in "xyzw"
    let line$i = (plane + u32(row.$i)) * $(source_width)u;
    //! for j in "xyzw"
    value += down.$i * across.$j * read_source(line$i + u32(column.$j));
    //! end
    //! end
    //! else
    let row = rows[pixel / $(width)u];
    let column = columns[pixel % $(width)u];
    let upper = (plane + u32(row.x)) * $(source_width)u;
    //! if mode == "linear"
    let lower = (plane + u32(row.y)) * $(source_width)u;
    let above = mix(read_source(upper + u32(column.x)), read_source(upper + u32(column.y)), column.z);
    let below = mix(read_source(lower + u32(column.x)), read_source(lower + u32(column.y)), column.z);
    let value = mix(above, below, row.z);
    //! else
    let value = read_source(upper + u32(column.x));
    //! end
    //! end
    store(value, id.z, block, pixel / $(width)u, pixel % $(width)u);
}
