// The tile of every dense convolution: for pixels m and channels j of a panel
//
//   y(m, j) = act(bias[j] + residual[residual_offsets[m] + j] + sum over runs r and k < run_length of
//                 input[input_offsets[m] + run_offsets[r] + k] * weights[(r * run_length + k) * panel width + j])
//
// goes to output[output_offsets[m] + j].
//
// Layouts: see GemmTile. Weights are packed by ops/conv_weights.cpp, channels beyond `channels` are zero there; outputs and
// residuals are only touched for j < channels. The order of the sum is fixed, so a result does not depend on how the
// pixels were grouped into tiles.
//
// The tile holds pixels x vectors accumulators, one broadcast and `vectors` weights in registers; its largest sizes come
// from that count (32 or 16 registers) and from loads: a step costs pixels + vectors loads and pixels x vectors
// multiply-adds, so wide tiles are bound by the FMA units and narrow ones by loads. One pixel is bound by the arrival of its
// weights: it takes several panels at once, because memory delivers several streams faster than one.
#pragma once

// acc += the products of all k. What is prefetched lies in kStreams places that take turns.
template <int kPixels, int kPanels, int kVectors, int kStreams = 1>
IM2COL_INLINE void gemm_accumulate(const GemmTile& t, V (&acc)[kPixels][kPanels * kVectors]) {
  ptrdiff_t pixel[kPixels];
  IM2COL_UNROLL
  for (int m = 0; m < kPixels; ++m) pixel[m] = t.input_offsets[m];
  const float* weights = t.weights;
  const ptrdiff_t panel = kPanels > 1 ? t.run_count * t.run_length * kVectors * kLanes : 0;
  const char* prefetch = reinterpret_cast<const char*>(t.prefetch);
  const ptrdiff_t step_bytes = t.prefetch_step * static_cast<ptrdiff_t>(sizeof(float)) / kStreams;
  const ptrdiff_t hop = kStreams > 1 ? t.prefetch_step * t.run_count * t.run_length / kStreams : 0;
  for (int64_t r = 0; r < t.run_count; ++r) {
    const float* input = t.input + t.run_offsets[r];
    const float* const end = input + t.run_length;
    for (; input != end; ++input) {
      V w[kPanels * kVectors];
      IM2COL_UNROLL
      for (int v = 0; v < kPanels * kVectors; ++v) w[v] = Load(weights + v / kVectors * panel + v % kVectors * kLanes);
      IM2COL_UNROLL
      for (int m = 0; m < kPixels; ++m) {
        const V x = Set(input[pixel[m]]);
        IM2COL_UNROLL
        for (int v = 0; v < kPanels * kVectors; ++v) acc[m][v] = MulAdd(x, w[v], acc[m][v]);
      }
      weights += kVectors * kLanes;
      // The bytes of 0 .. kStreams - 1 elements, one after the other: times the hop in elements that is the place in bytes.
      const ptrdiff_t turn = kStreams > 1 ? reinterpret_cast<uintptr_t>(input) % (kStreams * sizeof(float)) : 0;
      Prefetch(reinterpret_cast<const float*>(prefetch + turn * hop));
      prefetch += step_bytes;
    }
  }
}

template <int kPixels, int kVectors>
IM2COL_INLINE void gemm_add_residual(const GemmTile& t, V (&acc)[kPixels][kVectors]) {
  const int last = t.channels - (kVectors - 1) * kLanes;
  IM2COL_UNROLL
  for (int m = 0; m < kPixels; ++m) {
    const float* const residual = t.residual + t.residual_offsets[m];
    IM2COL_UNROLL
    for (int v = 0; v + 1 < kVectors; ++v) acc[m][v] = Add(acc[m][v], LoadU(residual + v * kLanes));
    const float* const rest = residual + (kVectors - 1) * kLanes;
    acc[m][kVectors - 1] = Add(acc[m][kVectors - 1], last == kLanes ? LoadU(rest) : LoadN(rest, last));
  }
}

template <int kPixels, int kPanels, int kPanelVectors>
void gemm_tile(const GemmTile& t) {
  constexpr int kVectors = kPanels * kPanelVectors;
  V acc[kPixels][kVectors];
  IM2COL_UNROLL
  for (int v = 0; v < kVectors; ++v) {
    const V bias = Load(t.bias + v * kLanes);
    IM2COL_UNROLL
    for (int m = 0; m < kPixels; ++m) acc[m][v] = bias;
  }
  if (t.residual) {
    for (int m = 0; m < kPixels; ++m) {
      for (int v = 0; v < kVectors; ++v) Prefetch(t.residual + t.residual_offsets[m] + v * kLanes);
    }
  }
  gemm_accumulate<kPixels, kPanels, kPanelVectors>(t, acc);

  if (t.residual) gemm_add_residual<kPixels, kVectors>(t, acc);
  const Clamp clamp = clamp_of(t.activation);
  // Copies, because for the compiler the outputs could lie in what `t` leads to.
  float* const output = t.output;
  const ptrdiff_t* const offsets = t.output_offsets;
  const int last = t.channels - (kVectors - 1) * kLanes;
  ptrdiff_t offset[kPixels];
  IM2COL_UNROLL
  for (int m = 0; m < kPixels; ++m) offset[m] = offsets[m];
  IM2COL_UNROLL
  for (int m = 0; m < kPixels; ++m) {
    float* const y = output + offset[m];
    IM2COL_UNROLL
    for (int v = 0; v + 1 < kVectors; ++v) StoreU(apply_clamp(clamp, acc[m][v]), y + v * kLanes);
  }
  if (last == kLanes) {
    IM2COL_UNROLL
    for (int m = 0; m < kPixels; ++m) StoreU(apply_clamp(clamp, acc[m][kVectors - 1]), output + offset[m] + (kVectors - 1) * kLanes);
  } else {
    IM2COL_UNROLL
    for (int m = 0; m < kPixels; ++m) StoreN(apply_clamp(clamp, acc[m][kVectors - 1]), output + offset[m] + (kVectors - 1) * kLanes, last);
  }
}

using GemmTileFunction = void (*)(const GemmTile&);

template <int kVectors, size_t... kBelow>
IM2COL_INLINE GemmTileFunction gemm_pixels_of(int pixels, std::index_sequence<kBelow...>) {
  static constexpr GemmTileFunction table[] = {gemm_tile<static_cast<int>(kBelow) + 1, 1, kVectors>...};
  return table[pixels - 1];
}

template <int kVectors, size_t... kBelow>
IM2COL_INLINE GemmTileFunction gemm_panels_of(int panels, std::index_sequence<kBelow...>) {
  static constexpr GemmTileFunction table[] = {gemm_tile<1, static_cast<int>(kBelow) + 1, kVectors>...};
  return table[panels - 1];
}

template <int kVectors>
IM2COL_INLINE void gemm_panel(const GemmTile& t) {
  constexpr int kLargest = kMaxPixels[kVectors - 1];
  if constexpr (kLargest > 0) {
    constexpr int kPanels = kLargest < kMaxTilePanels ? kLargest : kMaxTilePanels;
    const GemmTileFunction tile = t.panels > 1 ? gemm_panels_of<kVectors>(t.panels, std::make_index_sequence<kPanels>())
                                               : gemm_pixels_of<kVectors>(t.pixels, std::make_index_sequence<kLargest>());
    tile(t);
  }
}

void gemm_f32(const GemmTile& t) {
  switch (t.panel_vectors) {
    case 1: gemm_panel<1>(t); break;
    case 2: gemm_panel<2>(t); break;
    case 3: gemm_panel<3>(t); break;
    case 4: gemm_panel<4>(t); break;
  }
  if (!clamp_of(t.activation).complete) activate_rows({t.output, 0, t.output_offsets, t.pixels, t.channels}, t.activation);
}
