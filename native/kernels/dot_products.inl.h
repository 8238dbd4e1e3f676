// Convolution with very few output channels: for pixels p and outputs n
//
//   output[p][n] = act(bias[n] + residual[p][n] + sum over runs r and k < run_length of
//                      input[input_offsets[p] + run_offsets[r] + k] * weights[n][r][k])
//
// Layouts: see DotProducts; inputs of any alignment. Lanes run along the sum, where the GEMM's would mostly be empty, and are added
// up at the end. The order of the sum is fixed, so a result does not depend on how the pixels were grouped into tiles.
//
// The tile holds pixels x outputs accumulators, and the weights of one step in registers; a step costs pixels + outputs loads and
// pixels x outputs multiply-adds.
#pragma once

constexpr int kDotPixels[kMaxDotOutputs] = {kRegisters >= 32 ? 12 : 8, kRegisters >= 32 ? 12 : 5, kRegisters >= 32 ? 8 : 3, kRegisters >= 32 ? 6 : 2};

// One vector of every pixel's inputs; `lanes` of them exist when kPartial.
template <bool kPartial, int kOutputs, int kPixels>
IM2COL_INLINE void dot_step(const float* input, const ptrdiff_t (&pixel)[kPixels], const float* weights, int lanes, V (&sums)[kPixels][kOutputs]) {
  V w[kOutputs];
  IM2COL_UNROLL
  for (int n = 0; n < kOutputs; ++n) {
    w[n] = Load(weights + n * kLanes);
    IM2COL_PIN(w[n]);
  }
  IM2COL_UNROLL
  for (int m = 0; m < kPixels; ++m) {
    V x = kPartial ? LoadN(input + pixel[m], lanes) : LoadU(input + pixel[m]);
    if (kOutputs > 1) IM2COL_PIN(x);
    IM2COL_UNROLL
    for (int n = 0; n < kOutputs; ++n) sums[m][n] = MulAdd(x, w[n], sums[m][n]);
  }
}

// Every tile of kPixels that fits into the pixels from `first` on, then the rest in smaller tiles.
template <int kOutputs, int kPixels>
void dot_tiles(const DotProducts& d, int64_t first) {
  for (; first + kPixels <= d.pixels; first += kPixels) {
    V sums[kPixels][kOutputs];
    ptrdiff_t pixel[kPixels];
    IM2COL_UNROLL
    for (int m = 0; m < kPixels; ++m) {
      pixel[m] = d.input_offsets[first + m];
      IM2COL_UNROLL
      for (int n = 0; n < kOutputs; ++n) sums[m][n] = Zero();
    }
    const float* weights = d.weights;
    for (int64_t r = 0; r < d.run_count; ++r) {
      const float* input = d.input + d.run_offsets[r];
      int64_t rest = d.run_length;
      for (; rest >= kLanes; rest -= kLanes, input += kLanes, weights += kOutputs * kLanes) {
        dot_step<false>(input, pixel, weights, kLanes, sums);
      }
      if (rest == 0) continue;
      dot_step<true>(input, pixel, weights, static_cast<int>(rest), sums);
      weights += kOutputs * kLanes;
    }
    constexpr int kSums = kPixels * kOutputs;
    alignas(64) float results[(kSums + kLanes - 1) / kLanes * kLanes];
    IM2COL_UNROLL
    for (int i = 0; i < kSums; i += kLanes) {
      V rows[kLanes];
      IM2COL_UNROLL
      for (int j = 0; j < kLanes; ++j) rows[j] = i + j < kSums ? sums[(i + j) / kOutputs][(i + j) % kOutputs] : Zero();
      Store(sum_lanes(rows), results + i);
    }
    for (int m = 0; m < kPixels; ++m) {
      for (int n = 0; n < kOutputs; ++n) {
        float y = d.bias[n] + results[m * kOutputs + n];
        if (d.residual) y += d.residual[d.residual_offsets[first + m] + n];
        d.output[d.output_offsets[first + m] + n] = y;
      }
    }
  }
  if constexpr (kPixels > 1) dot_tiles<kOutputs, kPixels / 2>(d, first);
}

void dot_products_f32(const DotProducts& d) {
  switch (d.outputs) {
    case 1: dot_tiles<1, kDotPixels[0]>(d, 0); break;
    case 2: dot_tiles<2, kDotPixels[1]>(d, 0); break;
    case 3: dot_tiles<3, kDotPixels[2]>(d, 0); break;
    case 4: dot_tiles<4, kDotPixels[3]>(d, 0); break;
  }
  activate_rows({d.output, 0, d.output_offsets, d.pixels, d.outputs}, d.activation);
}
