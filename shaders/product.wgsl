// Matrices by matrices, a batch of them: [rows / 4][batch][inner] by [inner / 4][batch][columns]. A thread makes four
// rows of $own columns, and what it reads of the left it uses for all of these.
$access
$store

@compute @workgroup_size($workgroup)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x >= $(threads)u) { return; }
    let column = id.x % $(across)u * $(own)u;
    let group = id.x / $(across)u % $(batch)u;
    let block = id.x / $(across * batch)u;
    let left = $(left.item)block * $(left.step)u + $(left.group) * $(left.columns)u;
    let right = $(right.item)$(right.group) * $(right.columns)u + column;
    //! for c in range(own)
    var sum$c = vec4<f32>();
    //! end
    for (var i = 0u; i < $(inner // 4)u; i++) {
        //! for step in range(4)
        let left$step = read_source0(left + i * 4u + $(step)u);
        //! end
        //! for c in range(own)
        let right$c = read_source1(right + i * $(right.step)u + $(c)u);
        sum$c += left0 * right$(c).x + left1 * right$(c).y + left2 * right$(c).z + left3 * right$(c).w;
        //! end
    }
    //! for c in range(own)
    //! for step in range(inner % 4)
    sum$c += read_source0(left + $(inner // 4 * 4 + step)u)
        * read_source1(right + $(inner // 4 * right.step + c)u).$("xyzw"[step]);
    //! end
    store(sum$c, id.z, block, group, column + $(c)u);
    //! end
}
