// Pointwise functions on four channels at once, named as in vaevis_tui/engine/graph/expression.py.
// A kernel's text holds only those that it calls.

fn add(a: vec4<f32>, b: vec4<f32>) -> vec4<f32> { return a + b; }

fn sub(a: vec4<f32>, b: vec4<f32>) -> vec4<f32> { return a - b; }

fn mul(a: vec4<f32>, b: vec4<f32>) -> vec4<f32> { return a * b; }

fn div(a: vec4<f32>, b: vec4<f32>) -> vec4<f32> { return a / b; }

// WGSL leaves pow of a negative number undefined; for whole exponents the sign is that of the exponent's parity.
fn power(a: vec4<f32>, b: vec4<f32>) -> vec4<f32> {
    let odd = abs(b) % vec4<f32>(2.0) == vec4<f32>(1.0);
    let size = pow(abs(a), b);
    return select(size, -size, odd & (a < vec4<f32>()));
}

fn minimum(a: vec4<f32>, b: vec4<f32>) -> vec4<f32> { return min(a, b); }

fn maximum(a: vec4<f32>, b: vec4<f32>) -> vec4<f32> { return max(a, b); }

// What is true is 1, what is false 0.
fn equal(a: vec4<f32>, b: vec4<f32>) -> vec4<f32> { return select(vec4<f32>(), vec4<f32>(1.0), a == b); }

fn greater(a: vec4<f32>, b: vec4<f32>) -> vec4<f32> { return select(vec4<f32>(), vec4<f32>(1.0), a > b); }

fn greater_or_equal(a: vec4<f32>, b: vec4<f32>) -> vec4<f32> { return select(vec4<f32>(), vec4<f32>(1.0), a >= b); }

fn choose(condition: vec4<f32>, a: vec4<f32>, b: vec4<f32>) -> vec4<f32> { return select(b, a, condition != vec4<f32>()); }

fn round_down(x: vec4<f32>) -> vec4<f32> { return floor(x); }

fn round_up(x: vec4<f32>) -> vec4<f32> { return ceil(x); }

fn round_to_even(x: vec4<f32>) -> vec4<f32> { return round(x); }

fn sign_of(x: vec4<f32>) -> vec4<f32> { return sign(x); }

fn absolute(x: vec4<f32>) -> vec4<f32> { return abs(x); }

fn negate(x: vec4<f32>) -> vec4<f32> { return -x; }

fn reciprocal(x: vec4<f32>) -> vec4<f32> { return vec4<f32>(1.0) / x; }

fn square_root(x: vec4<f32>) -> vec4<f32> { return sqrt(x); }

fn exponential(x: vec4<f32>) -> vec4<f32> { return exp(x); }

fn logarithm(x: vec4<f32>) -> vec4<f32> { return log(x); }

fn sine(x: vec4<f32>) -> vec4<f32> { return sin(x); }

fn cosine(x: vec4<f32>) -> vec4<f32> { return cos(x); }

// Some drivers compute tanh as a quotient of exponentials, which overflows; beyond 10 it is 1 to float32's last bit.
fn hyperbolic_tangent(x: vec4<f32>) -> vec4<f32> { return tanh(clamp(x, vec4<f32>(-10.0), vec4<f32>(10.0))); }

// Abramowitz and Stegun 7.1.26: within 1.5e-7 of erf.
fn error_function(x: vec4<f32>) -> vec4<f32> {
    let size = abs(x);
    let t = vec4<f32>(1.0) / (vec4<f32>(1.0) + 0.3275911 * size);
    let series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
    let result = vec4<f32>(1.0) - series * exp(-size * size);
    return select(result, -result, x < vec4<f32>());
}

// WGSL may take it that there are no infinities, so the exponent stays below float32's overflow at 88.7.
fn sigmoid(x: vec4<f32>) -> vec4<f32> { return vec4<f32>(1.0) / (vec4<f32>(1.0) + exp(min(-x, vec4<f32>(88.0)))); }

fn softplus(x: vec4<f32>) -> vec4<f32> { return max(x, vec4<f32>()) + log(vec4<f32>(1.0) + exp(-abs(x))); }

fn softsign(x: vec4<f32>) -> vec4<f32> { return x / (vec4<f32>(1.0) + abs(x)); }

fn relu(x: vec4<f32>) -> vec4<f32> { return max(x, vec4<f32>()); }

fn leaky_relu(x: vec4<f32>, slope: vec4<f32>) -> vec4<f32> { return select(x, slope * x, x < vec4<f32>()); }

fn elu(x: vec4<f32>, alpha: vec4<f32>) -> vec4<f32> {
    return select(x, alpha * (exp(min(x, vec4<f32>())) - vec4<f32>(1.0)), x < vec4<f32>());
}

fn selu(x: vec4<f32>, alpha: vec4<f32>, gamma: vec4<f32>) -> vec4<f32> { return gamma * elu(x, alpha); }

fn gelu(x: vec4<f32>) -> vec4<f32> { return 0.5 * x * (vec4<f32>(1.0) + error_function(x * 0.7071067811865476)); }

fn gelu_tanh(x: vec4<f32>) -> vec4<f32> {
    return 0.5 * x * (vec4<f32>(1.0) + hyperbolic_tangent(0.7978845608028654 * (x + 0.044715 * x * x * x)));
}

fn mish(x: vec4<f32>) -> vec4<f32> { return x * hyperbolic_tangent(softplus(x)); }

fn hard_sigmoid(x: vec4<f32>, alpha: vec4<f32>, beta: vec4<f32>) -> vec4<f32> {
    return clamp(alpha * x + beta, vec4<f32>(), vec4<f32>(1.0));
}

fn hard_swish(x: vec4<f32>) -> vec4<f32> {
    return x * clamp(x * 0.16666666666666666 + vec4<f32>(0.5), vec4<f32>(), vec4<f32>(1.0));
}
