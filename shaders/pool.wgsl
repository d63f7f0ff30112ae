// Mean or maximum of a window: a thread makes four channels of one pixel.
$access
$store

@compute @workgroup_size($workgroup)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x >= $(vec4s)u) { return; }
    let pixel = id.x % $(pixels)u;
    let block = id.x / $(pixels)u;
    let top = i32(pixel / $(width)u * $(stride_y)u) - $pad_top;
    let left = i32(pixel % $(width)u * $(stride_x)u) - $pad_left;
    let plane = (id.z * $(source_blocks)u + block) * $(source_height * source_width)u;
    var result = vec4<f32>($(-3.4e38 if maximum else 0.0));
    var count = 0.0;
    for (var i = 0; i < $kernel_height; i++) {
        let y = top + i * $dilation_y;
        if (y < 0 || y >= $source_height) { continue; }
        for (var j = 0; j < $kernel_width; j++) {
            let x = left + j * $dilation_x;
            if (x < 0 || x >= $source_width) { continue; }
            let here = read_source(plane + u32(y * $source_width + x));
            //! if maximum
            result = max(result, here);
            //! else
            result += here;
            count += 1.0;
            //! end
        }
    }
    //! if not maximum
    result /= $("f32(%d)" % (kernel_height * kernel_width) if include_pad else "max(count, 1.0)");
    //! end
    store(result, id.z, block, pixel / $(width)u, pixel % $(width)u);
}
