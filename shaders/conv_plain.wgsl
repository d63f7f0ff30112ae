// Convolution and transposed convolution as they are defined, one output channel after another: any kernel, stride,
// padding, dilation and groups. Slow; what faster kernels are held against.
@group(0) @binding(1) var<storage, read> weights: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;

$access
$store

fn convolve(item: u32, output: u32, row: u32, column: u32) -> f32 {
    var sum = bias[output];
    let first = (output / $(group_outputs)u) * $(group_inputs)u;
    for (var input = 0u; input < $(group_inputs)u; input++) {
        let channel = first + input;
        //! if transposed
        // Weights lie by input, then by output within the group.
        let taps = (channel * $(group_outputs)u + output % $(group_outputs)u) * $(kernel_height * kernel_width)u;
        //! else
        let taps = (output * $(group_inputs)u + input) * $(kernel_height * kernel_width)u;
        //! end
        let plane = (item * $(source_blocks)u + channel / 4u) * $(source_height * source_width)u;
        for (var i = 0u; i < $(kernel_height)u; i++) {
            //! if transposed
            // Every source pixel whose kernel covers this one.
            let down = i32(row) + $pad_top - i32(i * $(dilation_y)u);
            let y = down / $stride_y;
            if (down < 0 || down % $stride_y != 0 || y >= $source_height) { continue; }
            //! else
            let y = i32(row * $(stride_y)u + i * $(dilation_y)u) - $pad_top;
            if (y < 0 || y >= $source_height) { continue; }
            //! end
            for (var j = 0u; j < $(kernel_width)u; j++) {
                //! if transposed
                let across = i32(column) + $pad_left - i32(j * $(dilation_x)u);
                let x = across / $stride_x;
                if (across < 0 || across % $stride_x != 0 || x >= $source_width) { continue; }
                //! else
                let x = i32(column * $(stride_x)u + j * $(dilation_x)u) - $pad_left;
                if (x < 0 || x >= $source_width) { continue; }
                //! end
                let here = read_source(plane + u32(y) * $(source_width)u + u32(x));
                sum += here[channel % 4u] * weights[taps + i * $(kernel_width)u + j];
            }
        }
    }
    return sum;
}

@compute @workgroup_size($workgroup)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let place = id.x * $(sample)u;
    if (place >= $(vec4s)u) { return; }
    let pixel = place % $(pixels)u;
    let block = place / $(pixels)u;
    let y = pixel / $(width)u;
    let x = pixel % $(width)u;
    // With a shuffle, channel c of output pixel (y, x) is channel c of the run of that pixel's phase.
    let run = ((y % $(shuffle)u) * $(shuffle)u + x % $(shuffle)u) * $(channels)u;
    var sums = vec4<f32>();
    //! for lane in range(4)
    if (block * 4u + $(lane)u < $(channels)u) {
        sums.$("xyzw"[lane]) = convolve(id.z, run + block * 4u + $(lane)u, y / $(shuffle)u, x / $(shuffle)u);
    }
    //! end
    store(sums, id.z, block, y, x);
}
