// Transposed convolution as it is defined: output (y, x) gathers every source pixel whose kernel covers it.
@group(0) @binding(1) var<storage, read> weights: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;

$access
$store

fn convolve(item: u32, output: u32, row: u32, column: u32) -> f32 {
    var sum = bias[output];
    let group = output / $(group_outputs)u;
    for (var input = 0u; input < $(group_inputs)u; input++) {
        let channel = group * $(group_inputs)u + input;
        for (var i = 0u; i < $(kernel_height)u; i++) {
            let y = i32(row) + $pad_top - i32(i * $(dilation_y)u);
            if (y < 0 || y % $stride_y != 0 || y / $stride_y >= $source_height) { continue; }
            for (var j = 0u; j < $(kernel_width)u; j++) {
                let x = i32(column) + $pad_left - i32(j * $(dilation_x)u);
                if (x < 0 || x % $stride_x != 0 || x / $stride_x >= $source_width) { continue; }
                let pixel = ((item * $(source_blocks)u + channel / 4u) * $(source_height)u + u32(y / $stride_y)) * $(source_width)u
                    + u32(x / $stride_x);
                let tap = ((channel * $(group_outputs)u + output % $(group_outputs)u) * $(kernel_height)u + i) * $(kernel_width)u + j;
                sum += read_source(pixel)[channel % 4u] * weights[tap];
            }
        }
    }
    return sum;
}

@compute @workgroup_size($workgroup)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x >= $(vec4s)u) { return; }
    let pixel = id.x % $(pixels)u;
    let block = id.x / $(pixels)u;
    let y = pixel / $(width)u;
    let x = pixel % $(width)u;
    var sums = vec4<f32>();
    //! for lane in range(4)
    if (block * 4u + $(lane)u < $(channels)u) {
        sums.$("xyzw"[lane]) = convolve(id.z, block * 4u + $(lane)u, y, x);
    }
    //! end
    store(sums, id.z, block, y, x);
}
