// Grouped convolution with as many output as input channels in a group, G of them, for one vector of output channels: for
// pixels p and channels c
//
//   output[p][c] = act(bias[c] + residual[p][c] + sum over taps t and j < G of
//                      input[p][t][j-th channel of the group of c] * weight[t][c][j])
//
// Layouts: see GroupedPixels. Lanes are input channels here. Diagonal d of the groups' G x G matrices multiplies the input
// of lane i for the output of lane i ^ d, so the taps are summed for each diagonal apart, without moving a lane; at the end
// the lanes of every diagonal's sum are swapped to where they belong, and the sums are added. Weights are packed by
// ops/conv_weights.cpp as [tap][d][lane]. When G exceeds the vector, d counts on through the vectors of the group:
// d = v * kLanes + (i ^ output lane) for lane i of its v-th vector. The order of the sum is fixed, so a result does not
// depend on how the pixels were grouped into tiles.
//
// The tile holds pixels x diagonals accumulators. An input vector serves all of the diagonals and a weight vector all of
// the pixels; the smaller number of them stays in registers. Groups with more diagonals take several passes.
#pragma once

constexpr int kMostDiagonals = kRegisters >= 32 && kLanes >= 8 ? 8 : 4;
constexpr int grouped_diagonals(int group) { return group < kMostDiagonals ? group : kMostDiagonals; }
// Pixels of a tile: with more of them, or with the mask of a partial vector, GCC spills.
constexpr int grouped_tile_pixels(int diagonals, bool partial) {
  if (kRegisters < 32) return (partial ? 8 : 12) / diagonals;
  return diagonals == 8 ? 3 : 20 / diagonals;
}

// sums[m][d] += the products of all taps for pixel m and diagonal d of the `kDiagonals` that `weights` starts with.
template <int kGroup, bool kPartial, int kPixels, int kDiagonals>
IM2COL_INLINE void grouped_accumulate(const GroupedPixels& g, const float* input, const float* weights, int64_t first,
                                      V (&sums)[kPixels][kDiagonals]) {
  ptrdiff_t pixel[kPixels];
  IM2COL_UNROLL
  for (int m = 0; m < kPixels; ++m) pixel[m] = g.input_offsets[first + m];
  for (int64_t t = 0; t < g.tap_count; ++t, weights += kGroup * kLanes) {
    const float* const tap = input + g.tap_offsets[t];
    const auto input_of = [&](int m) { return kPartial ? LoadN(tap + pixel[m], g.channels) : LoadU(tap + pixel[m]); };
    if constexpr (kPixels < kDiagonals) {
      V x[kPixels];
      IM2COL_UNROLL
      for (int m = 0; m < kPixels; ++m) {
        x[m] = input_of(m);
        IM2COL_PIN(x[m]);
      }
      IM2COL_UNROLL
      for (int d = 0; d < kDiagonals; ++d) {
        V w = Load(weights + d * kLanes);
        IM2COL_PIN(w);
        IM2COL_UNROLL
        for (int m = 0; m < kPixels; ++m) sums[m][d] = MulAdd(x[m], w, sums[m][d]);
      }
    } else {
      V w[kDiagonals];
      IM2COL_UNROLL
      for (int d = 0; d < kDiagonals; ++d) {
        w[d] = Load(weights + d * kLanes);
        IM2COL_PIN(w[d]);
      }
      IM2COL_UNROLL
      for (int m = 0; m < kPixels; ++m) {
        V x = input_of(m);
        IM2COL_PIN(x);
        IM2COL_UNROLL
        for (int d = 0; d < kDiagonals; ++d) sums[m][d] = MulAdd(x, w[d], sums[m][d]);
      }
    }
  }
}

// The sum over d of sums[d] with lane i moved to lane i ^ d.
template <int kDiagonals>
IM2COL_INLINE V add_diagonals(V (&sums)[kDiagonals]) {
  if constexpr (kDiagonals == 1) {
    return sums[0];
  } else {
    constexpr int kHalf = kDiagonals / 2;
    V folded[kHalf];
    IM2COL_UNROLL
    for (int d = 0; d < kHalf; ++d) folded[d] = Add(sums[d], SwapLanes<kHalf>(sums[kHalf + d]));
    return add_diagonals<kHalf>(folded);
  }
}

// Every tile of kPixels that fits into the pixels from `first` on, then the rest in smaller tiles.
template <int kGroup, bool kPartial, int kPixels>
void grouped_tiles(const GroupedPixels& g, int64_t first) {
  constexpr int kDiagonals = grouped_diagonals(kGroup);
  const Clamp clamp = clamp_of(g.activation);
  for (; first + kPixels <= g.pixels; first += kPixels) {
    V sums[kPixels][kDiagonals];
    IM2COL_UNROLL
    for (int m = 0; m < kPixels; ++m) sums[m][0] = Load(g.bias);
    for (int d = 0; d < kGroup; d += kDiagonals) {
      IM2COL_UNROLL
      for (int m = 0; m < kPixels; ++m) {
        IM2COL_UNROLL
        for (int i = 1; i < kDiagonals; ++i) sums[m][i] = Zero();
      }
      grouped_accumulate<kGroup, kPartial>(g, g.input + d / kLanes * kLanes, g.weights + d * kLanes, first, sums);
      IM2COL_UNROLL
      for (int m = 0; m < kPixels; ++m) {
        sums[m][0] = add_diagonals<kDiagonals>(sums[m]);
        if constexpr (kDiagonals < kLanes && kDiagonals < kGroup) sums[m][0] = SwapLanes<kDiagonals>(sums[m][0]);
      }
    }
    IM2COL_UNROLL
    for (int m = 0; m < kPixels; ++m) {
      V y = sums[m][0];
      if (g.residual) {
        const float* p = g.residual + g.residual_offsets[first + m];
        y = Add(y, kPartial ? LoadN(p, g.channels) : LoadU(p));
      }
      float* p = g.output + g.output_offsets[first + m];
      if (kPartial) {
        StoreN(apply_clamp(clamp, y), p, g.channels);
      } else {
        StoreU(apply_clamp(clamp, y), p);
      }
    }
  }
  if constexpr (kPixels > 1) grouped_tiles<kGroup, kPartial, kPixels / 2>(g, first);
}

template <int kGroup>
IM2COL_INLINE void grouped_pixels(const GroupedPixels& g) {
  constexpr int kDiagonals = grouped_diagonals(kGroup);
  if constexpr (kGroup < kLanes) {
    if (g.channels < kLanes) return grouped_tiles<kGroup, true, grouped_tile_pixels(kDiagonals, true)>(g, 0);
  }
  grouped_tiles<kGroup, false, grouped_tile_pixels(kDiagonals, false)>(g, 0);
}

void grouped_f32(const GroupedPixels& g) {
  switch (g.group_channels) {
    case 2: grouped_pixels<2>(g); break;
    case 4: grouped_pixels<4>(g); break;
    case 8: grouped_pixels<8>(g); break;
    case 16: grouped_pixels<16>(g); break;
  }
  if (!clamp_of(g.activation).complete) activate_rows({g.output, 0, g.output_offsets, g.pixels, g.channels}, g.activation);
}
