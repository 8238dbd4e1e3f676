// y = act(y) in place, for the first `channels` elements of each row: the second pass of kernels whose tiles apply clamps in
// registers and leave longer activations to values that are still in the cache. One function serves all kernels, so that
// an activation is compiled once for each ISA.
#pragma once

struct ActivatedRows {
  float* first;              // row r starts at first + offsets[r] or, where offsets is null, first + r * stride
  ptrdiff_t stride;
  const ptrdiff_t* offsets;
  int64_t rows;
  int64_t channels;
};

IM2COL_INLINE float* activated_row(const ActivatedRows& a, int64_t r) { return a.first + (a.offsets ? a.offsets[r] : r * a.stride); }

// Whole vectors first: one loop for both would load the constants of the formula anew for every row.
template <ActivationKind kKind>
IM2COL_INLINE void activate_rows_with(const ActivatedRows& a, const Activation& activation) {
  const int64_t whole = a.channels / kLanes * kLanes;
  const int rest = static_cast<int>(a.channels - whole);
  for (int64_t r = 0; r < a.rows; ++r) {
    float* y = activated_row(a, r);
    for (int64_t c = 0; c < whole; c += kLanes) StoreU(activate<kKind>(LoadU(y + c), activation), y + c);
  }
  for (int64_t r = 0; rest > 0 && r < a.rows; ++r) {
    float* y = activated_row(a, r) + whole;
    StoreN(activate<kKind>(LoadN(y, rest), activation), y, rest);
  }
}

IM2COL_NOINLINE void activate_rows(const ActivatedRows& a, const Activation& activation) {
  using Kind = ActivationKind;
  switch (activation.kind) {
    case Kind::kNone: return;
    case Kind::kRelu: return activate_rows_with<Kind::kRelu>(a, activation);
    case Kind::kClamp: return activate_rows_with<Kind::kClamp>(a, activation);
    case Kind::kLeakyRelu: return activate_rows_with<Kind::kLeakyRelu>(a, activation);
    case Kind::kElu: return activate_rows_with<Kind::kElu>(a, activation);
    case Kind::kSelu: return activate_rows_with<Kind::kSelu>(a, activation);
    case Kind::kCelu: return activate_rows_with<Kind::kCelu>(a, activation);
    case Kind::kSigmoid: return activate_rows_with<Kind::kSigmoid>(a, activation);
    case Kind::kHardSigmoid: return activate_rows_with<Kind::kHardSigmoid>(a, activation);
    case Kind::kTanh: return activate_rows_with<Kind::kTanh>(a, activation);
    case Kind::kSilu: return activate_rows_with<Kind::kSilu>(a, activation);
    case Kind::kHardSwish: return activate_rows_with<Kind::kHardSwish>(a, activation);
    case Kind::kGelu: return activate_rows_with<Kind::kGelu>(a, activation);
    case Kind::kGeluTanh: return activate_rows_with<Kind::kGeluTanh>(a, activation);
    case Kind::kMish: return activate_rows_with<Kind::kMish>(a, activation);
    case Kind::kSoftplus: return activate_rows_with<Kind::kSoftplus>(a, activation);
    case Kind::kSoftsign: return activate_rows_with<Kind::kSoftsign>(a, activation);
    case Kind::kAbs: return activate_rows_with<Kind::kAbs>(a, activation);
    case Kind::kExp: return activate_rows_with<Kind::kExp>(a, activation);
    case Kind::kSqrt: return activate_rows_with<Kind::kSqrt>(a, activation);
    case Kind::kLinear: return activate_rows_with<Kind::kLinear>(a, activation);
  }
}

// Runs an elementwise kernel over blocks that a first-level cache holds, each followed by its activation unless the clamp of
// the kernel is all of it. kCompute(row, clamp, first pixel, pixels, first channel, channels) writes one block.
template <typename Row, void (*kCompute)(const Row&, const Clamp&, int64_t, int64_t, int64_t, int64_t)>
IM2COL_INLINE void compute_and_activate(const Row& row) {
  constexpr int64_t kBlock = 2048;
  const Clamp clamp = clamp_of(row.activation);
  if (clamp.complete) return kCompute(row, clamp, 0, row.pixels, 0, row.channels);
  const int64_t width = row.channels < kBlock ? row.channels : kBlock, height = kBlock / width;
  for (int64_t p = 0; p < row.pixels; p += height) {
    const int64_t pixels = row.pixels - p < height ? row.pixels - p : height;
    for (int64_t c = 0; c < row.channels; c += width) {
      const int64_t channels = row.channels - c < width ? row.channels - c : width;
      kCompute(row, clamp, p, pixels, c, channels);
      activate_rows({row.output + p * row.output_stride + c, row.output_stride, nullptr, pixels, channels}, row.activation);
    }
  }
}
