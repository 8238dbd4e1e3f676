// Rows of a depthwise convolution: for output rows r, pixels p and channels c
//
//   output(r, p, c) = act(bias[c] + sum over kernel rows i and columns j of
//                         input[row_offsets[r * row_step + i] + p * pixel_stride + j * column_stride + c] * weights(c, i, j)
//                         + residual(r, p, c))
//
// Layouts: see DepthwiseRows; any alignment. Weights are packed by pack_depthwise (ops/conv_weights.cpp). The sum is taken in
// the order of the taps, so a result does not depend on how rows, pixels and channels were grouped into tiles. Rows of zeros
// are skipped, and so are the kernel columns that meet columns of zeros for all pixels of a tile.
//
// A tile is kDepthwiseRows x kMaxDepthwisePixels outputs of one vector of channels. It takes the taps of a kernel row kTaps at a
// time: their weights stay in registers, and each input is loaded once and multiplied for every output of the tile that
// reads it. Inputs and weights are pinned, because a load that the compiler folds into the multiply-adds is repeated by
// each of them. Accumulators, weights of kDepthwiseRows kernel rows and one input fill the registers when kTaps is 7; at
// least 7 accumulators hide the latency of the multiply-adds, and 7 divides the widths of common networks.
//
// Tiles go along a row, then down the rows, then on to the next kDepthwiseGroup channels: the rows that the next tiles share
// then mostly stay in the first-level cache, and the group is a stretch of memory that is worth its prefetch. A tile is so short
// that the way to its first load counts: pointers are advanced from tile to tile, and what the compiler cannot see to be
// constant is copied before the first store.
#pragma once

constexpr int kDepthwiseRows = kRegisters >= 32 ? 2 : 1;
constexpr int kDepthwiseTaps = kRegisters * kLanes >= 128 ? 7 : 3;  // at most; small registers gain little from more variants
constexpr int64_t kDepthwiseGroup = 64;
static_assert(kDepthwiseGroup % kLanes == 0, "a group is whole vectors");
static_assert(kDepthwiseRows * (kMaxDepthwisePixels + kDepthwiseTaps) + 1 <= kRegisters, "accumulators, weights and an input must fit the registers");

// What one tile works on: `lanes` channels from its first pixel on. `columns` kernel columns are taken; input, before
// row_offsets, and weights begin with the first of them.
struct DepthwiseTile {
  const float* input;
  const ptrdiff_t* row_offsets;
  int64_t columns;
  const float* bias;
  const float* weights;
  float* output;
  const float* residual;  // or null
  int lanes;
};

// Input column kX of a row of the tile, for the taps of its row 0 (`first`, when kFirst) and of its last row (`last`, when
// kLast). kStep: from pixel to pixel in columns.
template <int kX, int kStep, bool kPartial, bool kFirst, bool kLast, int kTaps, int kRows, int kPixels>
IM2COL_INLINE void depthwise_add_column(const float* input, int lanes, const V (&first)[kTaps], const V (&last)[kTaps], V (&acc)[kRows][kPixels]) {
  V in = kPartial ? LoadN(input, lanes) : LoadU(input);
  IM2COL_PIN(in);
  IM2COL_UNROLL
  for (int t = 0; t < kTaps; ++t) {
    if (kX < t || (kX - t) % kStep != 0 || (kX - t) / kStep >= kPixels) continue;
    const int p = (kX - t) / kStep;
    if (kFirst) acc[0][p] = MulAdd(in, first[t], acc[0][p]);
    if (kLast) acc[kRows - 1][p] = MulAdd(in, last[t], acc[kRows - 1][p]);
  }
}

// The columns one after another: with an address for each the registers for addresses would run out.
template <int kStep, bool kPartial, bool kFirst, bool kLast, int kTaps, int kRows, int kPixels, size_t... kX>
IM2COL_INLINE void depthwise_add_columns(const float* input, ptrdiff_t stride, int lanes, const V (&first)[kTaps], const V (&last)[kTaps],
                                         V (&acc)[kRows][kPixels], std::index_sequence<kX...>) {
  ((depthwise_add_column<kX, kStep, kPartial, kFirst, kLast>(input, lanes, first, last, acc), input += stride), ...);
}

// Adds kTaps taps of one input row to the tile's row 0, with the weights `first`, when kFirst, and to its last row, with the
// weights `last`, when kLast. A single tap does not care how pixels and kernel columns are related.
template <int kTaps, int kStep, bool kPartial, bool kFirst, bool kLast, int kRows, int kPixels>
IM2COL_INLINE void depthwise_add_taps(const DepthwiseRows& d, const float* input, const float* first, const float* last, int lanes,
                                      V (&acc)[kRows][kPixels]) {
  V first_taps[kTaps], last_taps[kTaps];
  IM2COL_UNROLL
  for (int t = 0; t < kTaps; ++t) {
    if (kFirst) {
      first_taps[t] = Load(first + t * kLanes);
      IM2COL_PIN(first_taps[t]);
    }
    if (kLast) {
      last_taps[t] = Load(last + t * kLanes);
      IM2COL_PIN(last_taps[t]);
    }
  }
  constexpr int kDistance = kTaps == 1 ? 1 : kStep;
  constexpr int kColumns = (kPixels - 1) * kDistance + kTaps;
  depthwise_add_columns<kDistance, kPartial, kFirst, kLast>(input, kTaps == 1 ? d.pixel_stride : d.column_stride, lanes, first_taps, last_taps,
                                                            acc, std::make_index_sequence<kColumns>());
}

// The kernel rows [begin, end) of the tile's row 0 and the same input rows for its last row.
template <int kTaps, int kStep, bool kPartial, bool kSquare, bool kFirst, bool kLast, int kRows, int kPixels>
IM2COL_INLINE void depthwise_add_rows(const DepthwiseRows& d, const DepthwiseTile& tile, int64_t begin, int64_t end, int64_t step,
                                       V (&acc)[kRows][kPixels]) {
  const int64_t row = (kSquare ? kTaps : d.kernel_columns) * kLanes;
  for (int64_t i = begin; i < end; ++i) {
    if (tile.row_offsets[i] == kRowOfZeros) continue;
    const float* input = tile.input + tile.row_offsets[i];
    const float* first = kFirst ? tile.weights + i * row : tile.weights;
    const float* last = kLast ? tile.weights + (i - step) * row : tile.weights;
    if constexpr (kSquare) {
      depthwise_add_taps<kTaps, kStep, kPartial, kFirst, kLast>(d, input, first, last, tile.lanes, acc);
    } else {
      for (int64_t n = tile.columns / kTaps; n > 0; --n) {
        depthwise_add_taps<kTaps, kStep, kPartial, kFirst, kLast>(d, input, first, last, tile.lanes, acc);
        input += kTaps * d.column_stride, first += kTaps * kLanes, last += kTaps * kLanes;
      }
      if (kTaps == 1) continue;
      for (int64_t n = tile.columns % kTaps; n > 0; --n) {
        depthwise_add_taps<1, 1, kPartial, kFirst, kLast>(d, input, first, last, tile.lanes, acc);
        input += d.column_stride, first += kLanes, last += kLanes;
      }
    }
  }
}

// kSquare: a kernel of kTaps x kTaps without columns of zeros, and kStep between its rows, too.
template <int kTaps, int kStep, bool kPartial, bool kSquare, int kRows, int kPixels>
void depthwise_tile(const DepthwiseRows& d, const DepthwiseTile& tile, const Clamp& clamp) {
  V acc[kRows][kPixels];
  const V bias = Load(tile.bias);
  IM2COL_UNROLL
  for (int r = 0; r < kRows; ++r) {
    IM2COL_UNROLL
    for (int p = 0; p < kPixels; ++p) acc[r][p] = bias;
  }

  const int64_t rows = kSquare ? kTaps : d.kernel_rows, step = kSquare ? kStep : d.row_step;
  if (kRows == 1) {
    depthwise_add_rows<kTaps, kStep, kPartial, kSquare, true, false>(d, tile, 0, rows, step, acc);
  } else {
    depthwise_add_rows<kTaps, kStep, kPartial, kSquare, true, false>(d, tile, 0, step, step, acc);
    depthwise_add_rows<kTaps, kStep, kPartial, kSquare, true, true>(d, tile, step, rows, step, acc);
    depthwise_add_rows<kTaps, kStep, kPartial, kSquare, false, true>(d, tile, rows, rows + step, step, acc);
  }

  if (tile.residual) {
    IM2COL_UNROLL
    for (int r = 0; r < kRows; ++r) {
      IM2COL_UNROLL
      for (int p = 0; p < kPixels; ++p) {
        const float* residual = tile.residual + r * d.residual_row + p * d.residual_pixel;
        acc[r][p] = Add(acc[r][p], kPartial ? LoadN(residual, tile.lanes) : LoadU(residual));
      }
    }
  }
  // Copies, because for the compiler the outputs could lie in what references lead to.
  const Clamp bounds = clamp;
  const ptrdiff_t output_row = d.output_row, output_pixel = d.output_pixel;
  float* const output = tile.output;
  const int lanes = tile.lanes;
  IM2COL_UNROLL
  for (int r = 0; r < kRows; ++r) {
    IM2COL_UNROLL
    for (int p = 0; p < kPixels; ++p) {
      const V y = apply_clamp(bounds, acc[r][p]);
      float* const to = output + r * output_row + p * output_pixel;
      if (kPartial) {
        StoreN(y, to, lanes);
      } else {
        StoreU(y, to);
      }
    }
  }
}

using DepthwiseTileFunction = void (*)(const DepthwiseRows&, const DepthwiseTile&, const Clamp&);

// The tiles of one width of taps: [rows - 1][pixels - 1].
struct DepthwiseTiles {
  DepthwiseTileFunction tiles[kDepthwiseRows][kMaxDepthwisePixels];
};

template <int kTaps, int kStep, bool kPartial, bool kSquare, size_t... kIndex>
IM2COL_INLINE const DepthwiseTiles& depthwise_table(std::index_sequence<kIndex...>) {
  static constexpr DepthwiseTiles tiles = {
      {depthwise_tile<kTaps, kStep, kPartial, kSquare, 1 + kIndex / kMaxDepthwisePixels, 1 + kIndex % kMaxDepthwisePixels>...}};
  return tiles;
}

template <int kTaps, int kStep, bool kPartial, bool kSquare = false>
IM2COL_INLINE const DepthwiseTiles& depthwise_tiles() {
  return depthwise_table<kTaps, kStep, kPartial, kSquare>(std::make_index_sequence<kDepthwiseRows * kMaxDepthwisePixels>());
}

// Square kernels of 3, 5 or 7 have tiles of their own; for others as many taps at a time as cover the most of a kernel row, and
// 3 for the one vector that may be a part of one.
template <int kStep, bool kPartial>
IM2COL_INLINE const DepthwiseTiles& depthwise_tiles_for(const DepthwiseRows& d, bool zero_columns) {
  const int64_t columns = d.kernel_columns;
  if constexpr (!kPartial) {
    if (d.kernel_rows == columns && d.row_step == kStep && !zero_columns) {
      if (columns == 3) return depthwise_tiles<3, kStep, false, true>();
      if constexpr (kDepthwiseTaps == 7) {
        if (columns == 5) return depthwise_tiles<5, kStep, false, true>();
        if (columns == 7) return depthwise_tiles<7, kStep, false, true>();
      }
    }
    if constexpr (kDepthwiseTaps == 7) {
      const int64_t rest3 = columns % 3, rest5 = columns % 5, rest7 = columns % 7;
      if (rest7 <= rest5 && rest7 <= rest3 && columns >= 7) return depthwise_tiles<7, kStep, false>();
      if (rest5 <= rest3 && columns >= 5) return depthwise_tiles<5, kStep, false>();
    }
  }
  return depthwise_tiles<3, kStep, kPartial>();
}

template <bool kPartial>
IM2COL_INLINE const DepthwiseTiles& depthwise_tiles_of(const DepthwiseRows& d, bool zero_columns) {
  if (d.kernel_columns >= 3 && d.pixel_stride == d.column_stride) return depthwise_tiles_for<1, kPartial>(d, zero_columns);
  if (d.kernel_columns >= 3 && d.pixel_stride == 2 * d.column_stride) return depthwise_tiles_for<2, kPartial>(d, zero_columns);
  return depthwise_tiles<1, 1, kPartial>();
}

struct DepthwiseColumns {
  int64_t begin;
  int64_t end;
};

// The kernel columns that the pixels [first, end) need.
IM2COL_INLINE DepthwiseColumns depthwise_columns(const DepthwiseRows& d, int64_t first, int64_t end) {
  const int64_t step = d.pixel_stride / d.column_stride;
  const int64_t from = d.first_column - (end - 1) * step, to = d.last_column - first * step;
  const int64_t bounded = to < d.kernel_columns ? to : d.kernel_columns, begin = from > 0 ? from : 0;
  return {begin, bounded > begin ? bounded : begin};
}

void depthwise_f32(const DepthwiseRows& d) {
  const bool zero_columns = d.first_column != 0 || d.last_column != 0;
  const DepthwiseTiles& whole = depthwise_tiles_of<false>(d, zero_columns);
  const DepthwiseTiles& partial = depthwise_tiles_of<true>(d, zero_columns);
  const Clamp clamp = clamp_of(d.activation);
  const int64_t weights_vector = (1 + d.kernel_rows * d.kernel_columns) * kLanes;
  const int64_t tall = d.row_step < d.kernel_rows ? kDepthwiseRows : 1;
  // Tiles of nearly equal size: 8 pixels are 4 + 4, not 7 + 1.
  const int64_t tiles_across = (d.pixels + kMaxDepthwisePixels - 1) / kMaxDepthwisePixels;
  const int64_t small = d.pixels / tiles_across, extra = d.pixels % tiles_across;
  for (int64_t group = 0; group < d.channels; group += kDepthwiseGroup) {
    const int64_t group_end = d.channels - group < kDepthwiseGroup ? d.channels : group + kDepthwiseGroup;
    for (int64_t row = 0; row < d.rows; row += tall) {
      const int64_t rows = d.rows - row < tall ? d.rows - row : tall;
      float* const output = d.output + row * d.output_row;
      const float* const residual = d.residual ? d.residual + row * d.residual_row : nullptr;
      for (int64_t c = group; c < group_end; c += kLanes) {
        const int lanes = group_end - c < kLanes ? static_cast<int>(group_end - c) : kLanes;
        const DepthwiseTiles& tiles = lanes == kLanes ? whole : partial;
        const float* bias = d.weights + c / kLanes * weights_vector;
        const float* input = d.input + c;
        DepthwiseTile tile = {input, d.row_offsets + row * d.row_step, d.kernel_columns, bias, bias + kLanes, output + c,
                              residual ? residual + c : nullptr, lanes};
        int64_t first = 0;
        for (int64_t i = 0; i < tiles_across; ++i) {
          const int64_t pixels = small + (i < extra);
          tile.input = input;
          if (zero_columns) {
            const DepthwiseColumns columns = depthwise_columns(d, first, first + pixels);
            tile.input += columns.begin * d.column_stride;
            tile.columns = columns.end - columns.begin;
            tile.weights = bias + (1 + columns.begin) * kLanes;
          }
          tiles.tiles[rows - 1][pixels - 1](d, tile, clamp);
          input += pixels * d.pixel_stride;
          tile.output += pixels * d.output_pixel;
          if (tile.residual) tile.residual += pixels * d.residual_pixel;
          first += pixels;
        }
      }
      if (clamp.complete) continue;
      for (int64_t r = 0; r < rows; ++r) {
        activate_rows({output + r * d.output_row + group, d.output_pixel, nullptr, d.pixels, group_end - group}, d.activation);
      }
    }
  }
}
