// One output row segment of a depthwise convolution: for pixels p and channels c
//
//   output[p][c] = act(bias[c] + sum over taps t of input[p * pixel_stride + tap_offsets[t] + c] * weights[t][c] + residual[p][c])
//
// Layouts: see DepthwiseRow; any alignment. Weights are packed [tap][channel] by the conv op. The sum is taken in the order
// of the taps, so a result does not depend on how pixels and channels were grouped into tiles.
//
// The tile holds kDepthwisePixels x kDepthwiseVectors accumulators and the weights of one tap, loaded once for all its
// pixels; the inputs are memory operands of the multiply-adds. At least 8 accumulators hide their latency, and the
// pixels divide the widths of common networks (7, 14, 28, 56, 112) where the registers allow it.
#pragma once

constexpr int kDepthwisePixels = kRegisters >= 32 ? 7 : 6;
constexpr int kDepthwiseVectors = 2;
static_assert(kDepthwisePixels * kDepthwiseVectors + kDepthwiseVectors + 1 <= kRegisters,
              "accumulators, pinned weights and one input must fit the registers");

// Channels [c, c + kVectors * kLanes) of kPixels pixels from `first` on; the last vector is cut to `last_lanes` channels
// when kPartial.
template <int kPixels, int kVectors, bool kPartial>
IM2COL_INLINE void depthwise_block(const DepthwiseRow& row, const Clamp& clamp, int64_t first, int64_t c, int last_lanes) {
  static_assert(!kPartial || kVectors == 1, "only single vectors are cut");
  V acc[kPixels][kVectors];
  IM2COL_UNROLL
  for (int v = 0; v < kVectors; ++v) {
    const float* p = row.bias + c + v * kLanes;
    const V bias = kPartial ? LoadN(p, last_lanes) : LoadU(p);
    IM2COL_UNROLL
    for (int m = 0; m < kPixels; ++m) acc[m][v] = bias;
  }

  const float* const input = row.input + first * row.pixel_stride + c;
  const float* weights = row.weights + c;
  for (int64_t t = 0; t < row.tap_count; ++t, weights += row.channels) {
    const float* tap = input + row.tap_offsets[t];
    V w[kVectors];
    IM2COL_UNROLL
    for (int v = 0; v < kVectors; ++v) {
      w[v] = kPartial ? LoadN(weights, last_lanes) : LoadU(weights + v * kLanes);
      IM2COL_PIN(w[v]);
    }
    IM2COL_UNROLL
    for (int m = 0; m < kPixels; ++m) {
      IM2COL_UNROLL
      for (int v = 0; v < kVectors; ++v) {
        const float* p = tap + m * row.pixel_stride + v * kLanes;
        acc[m][v] = MulAdd(kPartial ? LoadN(p, last_lanes) : LoadU(p), w[v], acc[m][v]);
      }
    }
  }

  float* const output = row.output + first * row.output_stride + c;
  const float* const residual = row.residual ? row.residual + first * row.residual_stride + c : nullptr;
  IM2COL_UNROLL
  for (int m = 0; m < kPixels; ++m) {
    IM2COL_UNROLL
    for (int v = 0; v < kVectors; ++v) {
      V y = acc[m][v];
      if (residual) {
        const float* p = residual + m * row.residual_stride + v * kLanes;
        y = Add(y, kPartial ? LoadN(p, last_lanes) : LoadU(p));
      }
      y = apply_clamp(clamp, y);
      float* p = output + m * row.output_stride + v * kLanes;
      if (kPartial) {
        StoreN(y, p, last_lanes);
      } else {
        StoreU(y, p);
      }
    }
  }
}

template <int kPixels>
void depthwise_tile(const DepthwiseRow& row, int64_t first) {
  const Clamp clamp = clamp_of(row.activation);
  int64_t c = 0;
  for (; c + kDepthwiseVectors * kLanes <= row.channels; c += kDepthwiseVectors * kLanes) {
    depthwise_block<kPixels, kDepthwiseVectors, false>(row, clamp, first, c, kLanes);
  }
  for (; c + kLanes <= row.channels; c += kLanes) depthwise_block<kPixels, 1, false>(row, clamp, first, c, kLanes);
  if (c < row.channels) {
    depthwise_block<kPixels, 1, true>(row, clamp, first, c, static_cast<int>(row.channels - c));
  }
}

template <size_t... kPixelsMinusOne>
IM2COL_INLINE void depthwise_tile_of(int64_t pixels, const DepthwiseRow& row, int64_t first, std::index_sequence<kPixelsMinusOne...>) {
  using Tile = void (*)(const DepthwiseRow&, int64_t);
  static constexpr Tile table[] = {depthwise_tile<static_cast<int>(kPixelsMinusOne) + 1>...};
  table[pixels - 1](row, first);
}

void depthwise_f32(const DepthwiseRow& row) {
  // Tiles of nearly equal size: 8 pixels are 4 + 4, not 7 + 1.
  const int64_t tiles = (row.pixels + kDepthwisePixels - 1) / kDepthwisePixels;
  int64_t first = 0;
  for (int64_t i = 0; i < tiles; ++i) {
    const int64_t end = row.pixels * (i + 1) / tiles;
    depthwise_tile_of(end - first, row, first, std::make_index_sequence<kDepthwisePixels>());
    first = end;
  }
  const bool complete = clamp_of(row.activation).complete;
  if (!complete) activate_rows(row.output, row.output_stride, row.pixels, row.channels, row.activation);
}
