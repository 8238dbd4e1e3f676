// Winograd's minimal filtering F(m x m, 3 x 3) with t = m + 2 (Lavin and Gray, 2016), one tile at a time:
//
//   V = B^T d B           input tile d (t x t pixels)
//   M = sum over input channels of U * V, with U = G g G^T for the kernel g (ops/winograd_weights.cpp): gemm_f32
//   y = A^T M A           output tile (m x m pixels)
//
// Layouts: see WinogradInput and WinogradOutput; channels are the vectors. The interpolation points are 0, 1, -1 and
// infinity for m = 2, and 0, +-5/8, +-3/2 and infinity for m = 4: they cost about half of the rounding error of 0, +-1, +-2,
// and every constant below is exact in float32. Transforms go along columns, then along rows.
#pragma once

template <int kOutputs>
struct WinogradTransform;

template <>
struct WinogradTransform<2> {
  static void input(const V (&d)[4], V (&v)[4]) {
    v[0] = Sub(d[2], d[0]);
    v[1] = Add(d[2], d[1]);
    v[2] = Sub(d[2], d[1]);
    v[3] = Sub(d[3], d[1]);
  }
  static void output(const V (&m)[4], V (&y)[2]) {
    y[0] = Add(m[0], Add(m[1], m[2]));
    y[1] = Add(Sub(m[1], m[2]), m[3]);
  }
};

template <>
struct WinogradTransform<4> {
  static constexpr float kA = 0.625f, kB = 1.5f;
  static constexpr float kA2 = kA * kA, kB2 = kB * kB;

  static void input(const V (&d)[6], V (&v)[6]) {
    const V sum = Set(kA2 + kB2), product = Set(kA2 * kB2);
    v[0] = MulAdd(product, d[0], NegMulAdd(sum, d[2], d[4]));
    v[5] = MulAdd(product, d[1], NegMulAdd(sum, d[3], d[5]));
    const V even_a = NegMulAdd(Set(kB2), d[2], d[4]), odd_a = NegMulAdd(Set(kB2), d[1], d[3]);
    v[1] = MulAdd(Set(kA), odd_a, even_a);
    v[2] = NegMulAdd(Set(kA), odd_a, even_a);
    const V even_b = NegMulAdd(Set(kA2), d[2], d[4]), odd_b = NegMulAdd(Set(kA2), d[1], d[3]);
    v[3] = MulAdd(Set(kB), odd_b, even_b);
    v[4] = NegMulAdd(Set(kB), odd_b, even_b);
  }
  static void output(const V (&m)[6], V (&y)[4]) {
    const V sum_a = Add(m[1], m[2]), difference_a = Sub(m[1], m[2]);
    const V sum_b = Add(m[3], m[4]), difference_b = Sub(m[3], m[4]);
    y[0] = Add(m[0], Add(sum_a, sum_b));
    y[1] = MulAdd(Set(kA), difference_a, Mul(Set(kB), difference_b));
    y[2] = MulAdd(Set(kA2), sum_a, Mul(Set(kB2), sum_b));
    y[3] = MulAdd(Set(kA2 * kA), difference_a, MulAdd(Set(kB2 * kB), difference_b, m[5]));
  }
};

// Channels [c, c + kLanes), or the first `lanes` of them when kPartial.
template <int kOutputs, bool kPartial>
IM2COL_INLINE void winograd_input_vector(const WinogradInput& w, int64_t c, int lanes) {
  constexpr int kTile = kOutputs + 2;
  V columns[kTile][kTile];  // [x][i]
  IM2COL_UNROLL
  for (int x = 0; x < kTile; ++x) {
    V d[kTile];
    IM2COL_UNROLL
    for (int y = 0; y < kTile; ++y) {
      const float* p = w.pixels[y * kTile + x] + c;
      d[y] = kPartial ? LoadN(p, lanes) : LoadU(p);
    }
    WinogradTransform<kOutputs>::input(d, columns[x]);
  }
  IM2COL_UNROLL
  for (int i = 0; i < kTile; ++i) {
    V row[kTile], v[kTile];
    IM2COL_UNROLL
    for (int x = 0; x < kTile; ++x) row[x] = columns[x][i];
    WinogradTransform<kOutputs>::input(row, v);
    IM2COL_UNROLL
    for (int j = 0; j < kTile; ++j) {
      float* p = w.transformed + (i * kTile + j) * w.transformed_stride + c;
      if (kPartial) {
        StoreN(v[j], p, lanes);
      } else {
        StoreU(v[j], p);
      }
    }
  }
}

template <int kOutputs>
void winograd_input(const WinogradInput& w) {
  int64_t c = 0;
  for (; c + kLanes <= w.channels; c += kLanes) winograd_input_vector<kOutputs, false>(w, c, kLanes);
  if (c < w.channels) winograd_input_vector<kOutputs, true>(w, c, static_cast<int>(w.channels - c));
}

template <int kOutputs, bool kPartial>
IM2COL_INLINE void winograd_output_vector(const WinogradOutput& w, const Clamp& clamp, int64_t c, int lanes) {
  constexpr int kTile = kOutputs + 2;
  V columns[kTile][kOutputs];  // [x][i]
  IM2COL_UNROLL
  for (int x = 0; x < kTile; ++x) {
    V m[kTile];
    IM2COL_UNROLL
    for (int y = 0; y < kTile; ++y) m[y] = LoadU(w.products + (y * kTile + x) * w.products_stride + c);
    WinogradTransform<kOutputs>::output(m, columns[x]);
  }
  const V bias = LoadU(w.bias + c);
  for (int i = 0; i < w.rows; ++i) {
    V row[kTile], y[kOutputs];
    IM2COL_UNROLL
    for (int x = 0; x < kTile; ++x) row[x] = columns[x][i];
    WinogradTransform<kOutputs>::output(row, y);
    for (int j = 0; j < w.columns; ++j) {
      V result = Add(y[j], bias);
      if (w.residual) {
        const float* p = w.residual + i * w.residual_row + j * w.residual_pixel + c;
        result = Add(result, kPartial ? LoadN(p, lanes) : LoadU(p));
      }
      result = apply_clamp(clamp, result);
      float* p = w.output + i * w.output_row + j * w.output_pixel + c;
      if (kPartial) {
        StoreN(result, p, lanes);
      } else {
        StoreU(result, p);
      }
    }
  }
}

template <int kOutputs>
void winograd_output(const WinogradOutput& w) {
  const Clamp clamp = clamp_of(w.activation);
  int64_t c = 0;
  for (; c + kLanes <= w.channels; c += kLanes) winograd_output_vector<kOutputs, false>(w, clamp, c, kLanes);
  if (c < w.channels) winograd_output_vector<kOutputs, true>(w, clamp, c, static_cast<int>(w.channels - c));
  if (clamp.complete) return;
  for (int i = 0; i < w.rows; ++i) activate_rows(w.output + i * w.output_row, w.output_pixel, w.columns, w.channels, w.activation);
}

void winograd_input_f32(const WinogradInput& w) {
  if (w.outputs == 2) {
    winograd_input<2>(w);
  } else {
    winograd_input<4>(w);
  }
}

void winograd_output_f32(const WinogradOutput& w) {
  if (w.outputs == 2) {
    winograd_output<2>(w);
  } else {
    winograd_output<4>(w);
  }
}
