// Reductions of pixels and of channels.
//
//   reduce_rows_f32:     y[c] = y[c] o t(x[p][c]) over the pixels p, from the first to the last
//   reduce_channels_f32: y[p] = t(x[p][0]) o t(x[p][1]) o ...
//   square_distances_f32: y[c] = y[c] + (x[p][c] - center[c])^2 over the pixels p
//
// with o and t as in ReductionKind. Layouts: see ReduceRows and ReduceChannels; any alignment. Blocks of 4 vectors of channels: their
// chains are independent.
#pragma once

template <ReductionKind kKind>
IM2COL_INLINE V reduce_start() {
  if constexpr (kKind == ReductionKind::kProduct) return Set(1.0f);
  if constexpr (kKind == ReductionKind::kMax) return Set(-INFINITY);
  if constexpr (kKind == ReductionKind::kMin) return Set(INFINITY);
  return Zero();
}

template <ReductionKind kKind>
IM2COL_INLINE V reduce_join(V y, V x) {
  if constexpr (kKind == ReductionKind::kProduct) return Mul(y, x);
  if constexpr (kKind == ReductionKind::kMax) return MaxNaN(y, x);
  if constexpr (kKind == ReductionKind::kMin) return Neg(MaxNaN(Neg(y), Neg(x)));
  return Add(y, x);
}

template <ReductionKind kKind>
IM2COL_INLINE V reduce_step(V y, V x) {
  if constexpr (kKind == ReductionKind::kSumOfAbsolutes) return Add(y, Abs(x));
  if constexpr (kKind == ReductionKind::kSumOfSquares) return MulAdd(x, x, y);
  return reduce_join<kKind>(y, x);
}

constexpr int kReduceVectors = 4;

template <ReductionKind kKind, bool kCentered>
void reduce_rows(const ReduceRows& r) {
  int64_t c = 0;
  for (; c + kReduceVectors * kLanes <= r.channels; c += kReduceVectors * kLanes) {
    V y[kReduceVectors], center[kReduceVectors];
    IM2COL_UNROLL
    for (int v = 0; v < kReduceVectors; ++v) {
      y[v] = LoadU(r.output + c + v * kLanes);
      center[v] = kCentered ? LoadU(r.center + c + v * kLanes) : Zero();
    }
    for (int64_t p = 0; p < r.pixels; ++p) {
      const float* x = r.input + p * r.input_stride + c;
      IM2COL_UNROLL
      for (int v = 0; v < kReduceVectors; ++v) {
        const V element = LoadU(x + v * kLanes);
        y[v] = reduce_step<kKind>(y[v], kCentered ? Sub(element, center[v]) : element);
      }
    }
    IM2COL_UNROLL
    for (int v = 0; v < kReduceVectors; ++v) StoreU(y[v], r.output + c + v * kLanes);
  }
  for (; c < r.channels; c += kLanes) {
    const int n = r.channels - c < kLanes ? static_cast<int>(r.channels - c) : kLanes;
    V y = LoadN(r.output + c, n);
    const V center = kCentered ? LoadN(r.center + c, n) : Zero();
    for (int64_t p = 0; p < r.pixels; ++p) {
      const V element = LoadN(r.input + p * r.input_stride + c, n);
      y = reduce_step<kKind>(y, kCentered ? Sub(element, center) : element);
    }
    StoreN(y, r.output + c, n);
  }
}

// Lanes joined in halves, as ReduceSum does.
template <ReductionKind kKind>
IM2COL_INLINE float reduce_lanes(V y) {
  float lanes[kLanes];
  StoreU(y, lanes);
  for (int half = kLanes / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) {
      const float a = lanes[i], b = lanes[i + half];
      if constexpr (kKind == ReductionKind::kProduct) {
        lanes[i] = a * b;
      } else if constexpr (kKind == ReductionKind::kMax) {
        lanes[i] = a != a || a > b ? a : b;
      } else if constexpr (kKind == ReductionKind::kMin) {
        lanes[i] = a != a || a < b ? a : b;
      } else {
        lanes[i] = a + b;
      }
    }
  }
  return lanes[0];
}

template <ReductionKind kKind>
void reduce_channels(const ReduceChannels& r) {
  const int64_t whole = r.channels / kLanes * kLanes;
  const int rest = static_cast<int>(r.channels - whole);
  for (int64_t p = 0; p < r.pixels; ++p) {
    const float* x = r.input + p * r.input_stride;
    V y = reduce_start<kKind>();
    for (int64_t c = 0; c < whole; c += kLanes) y = reduce_step<kKind>(y, LoadU(x + c));
    if (rest > 0) y = IfThenElse(FirstN(rest), reduce_step<kKind>(y, LoadN(x + whole, rest)), y);
    r.output[p * r.output_stride] = reduce_lanes<kKind>(y);
  }
}

void reduce_rows_f32(const ReduceRows& r) {
  using Kind = ReductionKind;
  switch (r.kind) {
    case Kind::kSum: return reduce_rows<Kind::kSum, false>(r);
    case Kind::kSumOfAbsolutes: return reduce_rows<Kind::kSumOfAbsolutes, false>(r);
    case Kind::kSumOfSquares: return reduce_rows<Kind::kSumOfSquares, false>(r);
    case Kind::kProduct: return reduce_rows<Kind::kProduct, false>(r);
    case Kind::kMax: return reduce_rows<Kind::kMax, false>(r);
    case Kind::kMin: return reduce_rows<Kind::kMin, false>(r);
  }
}

void square_distances_f32(const ReduceRows& r) { reduce_rows<ReductionKind::kSumOfSquares, true>(r); }

void reduce_channels_f32(const ReduceChannels& r) {
  using Kind = ReductionKind;
  switch (r.kind) {
    case Kind::kSum: return reduce_channels<Kind::kSum>(r);
    case Kind::kSumOfAbsolutes: return reduce_channels<Kind::kSumOfAbsolutes>(r);
    case Kind::kSumOfSquares: return reduce_channels<Kind::kSumOfSquares>(r);
    case Kind::kProduct: return reduce_channels<Kind::kProduct>(r);
    case Kind::kMax: return reduce_channels<Kind::kMax>(r);
    case Kind::kMin: return reduce_channels<Kind::kMin>(r);
  }
}
