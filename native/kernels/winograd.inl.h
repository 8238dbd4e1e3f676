// Winograd's minimal filtering F(m, r) with t = m + r - 1 (Lavin and Gray, 2016), one tile at a time:
//
//   V = B^T d B           input tile d (t x t pixels)
//   M = sum over input channels of U * V, with U = G g G^T for the kernel g (ops/winograd_weights.cpp): gemm_f32
//   y = A^T M A           output tile (m x m pixels)
//
// or along one axis: V = B^T d, U = G g, y = A^T M. Layouts: see WinogradInput and WinogradOutput; channels are the vectors.
// Forms and interpolation points: see winograd_forms.h. Transforms go along columns, then along rows.
//
// The points but for infinity are the roots of x^z P(x^2), where z is 1 when zero is one of them and P is the product of
// (x^2 - p^2) over the pairs. Row i of B^T holds the coefficients of that polynomial without the root i; for a pair
// (x + p) x^z Q(x^2) and (x - p) x^z Q(x^2) share their two sums. Row j of A^T holds the j-th powers of the points.
#pragma once

// Coefficients of P, and of the Q that lack one pair, lowest power first; and the powers of the pairs.
template <int kInputs>
struct WinogradConstants {
  static constexpr int kPairs = winograd_pair_count(kInputs);

  float whole[kPairs + 1] = {};
  float without[kPairs][kPairs + 1] = {};
  float powers[kInputs][kPairs] = {};

  constexpr WinogradConstants() {
    multiply_roots(-1, whole);
    for (int i = 0; i < kPairs; ++i) {
      multiply_roots(i, without[i]);
      float power = 1;
      for (int j = 0; j < kInputs; ++j) {
        powers[j][i] = power;
        power *= pair(i);
      }
    }
  }

 private:
  static constexpr float pair(int i) { return static_cast<float>(kWinogradPairs[kInputs][i]); }

  static constexpr void multiply_roots(int left_out, float (&polynomial)[kPairs + 1]) {
    polynomial[0] = 1;
    for (int i = 0, degree = 0; i < kPairs; ++i) {
      if (i == left_out) continue;
      ++degree;
      for (int k = degree; k > 0; --k) polynomial[k] = polynomial[k - 1] - pair(i) * pair(i) * polynomial[k];
      polynomial[0] *= -pair(i) * pair(i);
    }
  }
};

// The transforms of one line of values.
template <int kInputs>
struct WinogradTransform {
  static constexpr int kPairs = winograd_pair_count(kInputs);
  static constexpr int kZero = winograd_has_zero(kInputs) ? 1 : 0;
  static constexpr WinogradConstants<kInputs> kConstants{};

  // The sum of coefficients[k] * d[first + 2 * k] for k up to the degree, whose coefficient is 1.
  template <int kDegree>
  IM2COL_INLINE V sum(const float (&coefficients)[kPairs + 1], const V (&d)[kInputs], int first) {
    V result = d[first + 2 * kDegree];
    IM2COL_UNROLL
    for (int k = kDegree - 1; k >= 0; --k) result = MulAdd(Set(coefficients[k]), d[first + 2 * k], result);
    return result;
  }

  IM2COL_INLINE void input(const V (&d)[kInputs], V (&v)[kInputs]) {
    if (kZero) v[0] = sum<kPairs>(kConstants.whole, d, 0);
    IM2COL_UNROLL
    for (int i = 0; i < kPairs; ++i) {
      const V high = sum<kPairs - 1>(kConstants.without[i], d, kZero + 1), low = sum<kPairs - 1>(kConstants.without[i], d, kZero);
      v[kZero + 2 * i] = MulAdd(Set(kConstants.powers[1][i]), low, high);
      v[kZero + 2 * i + 1] = NegMulAdd(Set(kConstants.powers[1][i]), low, high);
    }
    v[kInputs - 1] = sum<kPairs>(kConstants.whole, d, kZero);
  }

  template <int kOutputs>
  IM2COL_INLINE void output(const V (&m)[kInputs], V (&y)[kOutputs]) {
    V sums[kPairs], differences[kPairs];
    IM2COL_UNROLL
    for (int i = 0; i < kPairs; ++i) {
      sums[i] = Add(m[kZero + 2 * i], m[kZero + 2 * i + 1]);
      differences[i] = Sub(m[kZero + 2 * i], m[kZero + 2 * i + 1]);
    }
    y[0] = sums[0];
    IM2COL_UNROLL
    for (int i = 1; i < kPairs; ++i) y[0] = Add(y[0], sums[i]);
    if (kZero) y[0] = Add(y[0], m[0]);
    IM2COL_UNROLL
    for (int j = 1; j < kOutputs; ++j) {
      const V (&terms)[kPairs] = j % 2 == 0 ? sums : differences;
      y[j] = Mul(Set(kConstants.powers[j][0]), terms[0]);
      IM2COL_UNROLL
      for (int i = 1; i < kPairs; ++i) y[j] = MulAdd(Set(kConstants.powers[j][i]), terms[i], y[j]);
    }
    y[kOutputs - 1] = Add(y[kOutputs - 1], m[kInputs - 1]);
  }
};

// Channels [c, c + kLanes), or the first `lanes` of them when kPartial.
template <int kInputs, int kAxes, bool kPartial>
IM2COL_INLINE void winograd_input_vector(const WinogradInput& w, int64_t c, int lanes) {
  constexpr int kColumns = kAxes == 2 ? kInputs : 1;
  for (int i = 0; i < w.prefetch_count; ++i) Prefetch(w.prefetch[i] + c);
  V columns[kColumns][kInputs];
  IM2COL_UNROLL
  for (int x = 0; x < kColumns; ++x) {
    V d[kInputs];
    IM2COL_UNROLL
    for (int y = 0; y < kInputs; ++y) {
      const float* p = w.pixels[x * kInputs + y] + c;
      d[y] = kPartial ? LoadN(p, lanes) : LoadU(p);
    }
    WinogradTransform<kInputs>::input(d, columns[x]);
  }
  float* transformed = w.transformed + c;
  IM2COL_UNROLL
  for (int i = 0; i < kInputs; ++i) {
    V v[kColumns];
    if constexpr (kAxes == 2) {
      V row[kInputs];
      IM2COL_UNROLL
      for (int x = 0; x < kInputs; ++x) row[x] = columns[x][i];
      WinogradTransform<kInputs>::input(row, v);
    } else {
      v[0] = columns[0][i];
    }
    IM2COL_UNROLL
    for (int j = 0; j < kColumns; ++j) {
      if (kPartial) {
        StoreN(v[j], transformed, lanes);
      } else {
        StoreU(v[j], transformed);
      }
      transformed += w.transformed_stride;
    }
  }
}

template <int kInputs, int kAxes>
void winograd_input(const WinogradInput& w) {
  int64_t c = 0;
  for (; c + kLanes <= w.channels; c += kLanes) winograd_input_vector<kInputs, kAxes, false>(w, c, kLanes);
  if (c < w.channels) winograd_input_vector<kInputs, kAxes, true>(w, c, static_cast<int>(w.channels - c));
}

// Writes row i of the tile.
template <int kOutputs, bool kPartial>
IM2COL_INLINE void winograd_write_row(const WinogradOutput& w, const Clamp& clamp, const V (&y)[kOutputs], V bias, int i, int64_t c, int lanes) {
  float* output = w.output + i * w.output_row + c;
  const float* residual = w.residual ? w.residual + i * w.residual_row + c : nullptr;
  IM2COL_UNROLL
  for (int j = 0; j < kOutputs; ++j) {
    if (j == w.columns) break;
    V result = Add(y[j], bias);
    if (residual) {
      const float* p = residual + j * w.residual_pixel;
      result = Add(result, kPartial ? LoadN(p, lanes) : LoadU(p));
    }
    result = apply_clamp(clamp, result);
    float* p = output + j * w.output_pixel;
    if (kPartial) {
      StoreN(result, p, lanes);
    } else {
      StoreU(result, p);
    }
  }
}

template <int kInputs, int kOutputs, int kAxes, bool kPartial>
IM2COL_INLINE void winograd_output_vector(const WinogradOutput& w, const Clamp& clamp, int64_t c, int lanes) {
  constexpr int kColumns = kAxes == 2 ? kInputs : 1;
  V columns[kColumns][kOutputs];
  IM2COL_UNROLL
  for (int x = 0; x < kColumns; ++x) {
    V m[kInputs];
    const float* products = w.products + x * w.products_stride + c;
    IM2COL_UNROLL
    for (int y = 0; y < kInputs; ++y, products += kColumns * w.products_stride) m[y] = LoadU(products);
    WinogradTransform<kInputs>::output(m, columns[x]);
  }
  const V bias = LoadU(w.bias + c);
  if constexpr (kAxes == 1) {
    winograd_write_row<kOutputs, kPartial>(w, clamp, columns[0], bias, 0, c, lanes);
  } else {
    IM2COL_UNROLL
    for (int i = 0; i < kOutputs; ++i) {
      if (i == w.rows) break;
      V row[kInputs], y[kOutputs];
      IM2COL_UNROLL
      for (int x = 0; x < kInputs; ++x) row[x] = columns[x][i];
      WinogradTransform<kInputs>::output(row, y);
      winograd_write_row<kOutputs, kPartial>(w, clamp, y, bias, i, c, lanes);
    }
  }
}

template <int kInputs, int kOutputs, int kAxes>
void winograd_output(const WinogradOutput& w) {
  const Clamp clamp = clamp_of(w.activation);
  int64_t c = 0;
  for (; c + kLanes <= w.channels; c += kLanes) winograd_output_vector<kInputs, kOutputs, kAxes, false>(w, clamp, c, kLanes);
  if (c < w.channels) winograd_output_vector<kInputs, kOutputs, kAxes, true>(w, clamp, c, static_cast<int>(w.channels - c));
  if (clamp.complete) return;
  for (int i = 0; i < w.rows; ++i) {
    activate_rows({w.output + i * w.output_row, w.output_pixel, nullptr, w.columns, w.channels}, w.activation);
  }
}

template <size_t... kForms>
IM2COL_INLINE void winograd_input_of(const WinogradInput& w, std::index_sequence<kForms...>) {
  static constexpr void (*table[])(const WinogradInput&) = {winograd_input<kWinogradForms[kForms].inputs(), kWinogradForms[kForms].axes>...};
  table[w.form](w);
}

template <size_t... kForms>
IM2COL_INLINE void winograd_output_of(const WinogradOutput& w, std::index_sequence<kForms...>) {
  static constexpr void (*table[])(const WinogradOutput&) = {
      winograd_output<kWinogradForms[kForms].inputs(), kWinogradForms[kForms].outputs, kWinogradForms[kForms].axes>...};
  table[w.form](w);
}

void winograd_input_f32(const WinogradInput& w) { winograd_input_of(w, std::make_index_sequence<kWinogradFormCount>()); }

void winograd_output_f32(const WinogradOutput& w) { winograd_output_of(w, std::make_index_sequence<kWinogradFormCount>()); }
