// The products of Winograd's method: for tiles m of a block and channels j of a panel, at one value of the tiles,
//
//   products(m, j) = sum over channels c of values(m, c) * weights(c, j)
//
// Layouts: see WinogradProducts. The block is cut into the tiles of gemm.inl.h, of sizes that differ by one at most; a sum
// does not depend on the cut. While they work, what is needed next is prefetched, the same share with every step of a sum,
// and from kDistantStreams places by turns if it is distant.
#pragma once

constexpr int kDistantStreams = 4;

template <int kTiles, int kVectors, int kStreams>
void winograd_products_tile(const WinogradProducts& w, int64_t first, const float* prefetch, int64_t prefetch_step) {
  ptrdiff_t offsets[kTiles];
  IM2COL_UNROLL
  for (int m = 0; m < kTiles; ++m) offsets[m] = m * w.tile_stride;
  const ptrdiff_t run = 0;
  GemmTile tile{};
  tile.input = w.values + first * w.tile_stride;
  tile.input_offsets = offsets;
  tile.run_offsets = &run;
  tile.run_count = 1;
  tile.run_length = w.channels;
  tile.weights = w.weights;
  tile.prefetch = prefetch;
  tile.prefetch_step = prefetch_step;

  V sums[kTiles][kVectors];
  IM2COL_UNROLL
  for (int m = 0; m < kTiles; ++m) {
    IM2COL_UNROLL
    for (int v = 0; v < kVectors; ++v) sums[m][v] = Zero();
  }
  gemm_accumulate<kTiles, 1, kVectors, kStreams>(tile, sums);
  float* products = w.products + first * w.product_stride;
  IM2COL_UNROLL
  for (int m = 0; m < kTiles; ++m) {
    IM2COL_UNROLL
    for (int v = 0; v < kVectors; ++v) StoreU(sums[m][v], products + m * w.product_stride + v * kLanes);
  }
}

template <int kVectors, int kStreams, size_t... kTilesMinusOne>
IM2COL_INLINE void winograd_products_panel(const WinogradProducts& w, std::index_sequence<kTilesMinusOne...>) {
  static constexpr void (*table[])(const WinogradProducts&, int64_t, const float*, int64_t) = {
      winograd_products_tile<static_cast<int>(kTilesMinusOne) + 1, kVectors, kStreams>...};
  constexpr int64_t kLargest = kMaxPixels[kVectors - 1];
  const int64_t parts = (w.tiles + kLargest - 1) / kLargest;
  const int64_t small = w.tiles / parts, extra = w.tiles % parts;
  const int64_t step = w.prefetch_size > 0 ? (w.prefetch_size + parts * w.channels - 1) / (parts * w.channels) : 0;
  int64_t first = 0;
  for (int64_t i = 0; i < parts; ++i) {
    const int64_t count = small + (i < extra);
    table[count - 1](w, first, w.prefetch + i * step * w.channels, step);
    first += count;
  }
}

template <int kVectors>
IM2COL_INLINE void winograd_products_panel(const WinogradProducts& w) {
  constexpr std::make_index_sequence<kMaxPixels[kVectors - 1]> kTiles;
  if constexpr (kMaxPixels[kVectors - 1] > 0) {
    w.distant ? winograd_products_panel<kVectors, kDistantStreams>(w, kTiles) : winograd_products_panel<kVectors, 1>(w, kTiles);
  }
}

void winograd_products_f32(const WinogradProducts& w) {
  switch (w.panel_vectors) {
    case 1: winograd_products_panel<1>(w); break;
    case 2: winograd_products_panel<2>(w); break;
    case 3: winograd_products_panel<3>(w); break;
    case 4: winograd_products_panel<4>(w); break;
  }
}
