// destination[c * destination_stride + r] = source[r * source_stride + c]. Layouts: see TransposeBlock; any alignment; the
// matrices must not overlap. The tile is kLanes x kLanes, transposed in registers, so that both sides are read and written
// in whole vectors.
#pragma once

template <bool kPartial>
IM2COL_INLINE void transpose_tile(const TransposeBlock& block, int64_t r, int64_t c, int rows, int columns) {
  const float* source = block.source + r * block.source_stride + c;
  float* destination = block.destination + c * block.destination_stride + r;
  V tile[kLanes];
  IM2COL_UNROLL
  for (int i = 0; i < kLanes; ++i) {
    const float* p = source + i * block.source_stride;
    if (!kPartial) {
      tile[i] = LoadU(p);
    } else {
      tile[i] = i < rows ? LoadN(p, columns) : Zero();
    }
  }
  Transpose(tile);
  IM2COL_UNROLL
  for (int i = 0; i < kLanes; ++i) {
    float* p = destination + i * block.destination_stride;
    if (!kPartial) {
      StoreU(tile[i], p);
    } else if (i < columns) {
      StoreN(tile[i], p, rows);
    }
  }
}

void transpose_f32(const TransposeBlock& block) {
  for (int64_t c = 0; c < block.columns; c += kLanes) {
    const int columns = block.columns - c < kLanes ? static_cast<int>(block.columns - c) : kLanes;
    for (int64_t r = 0; r < block.rows; r += kLanes) {
      const int rows = block.rows - r < kLanes ? static_cast<int>(block.rows - r) : kLanes;
      if (rows == kLanes && columns == kLanes) {
        transpose_tile<false>(block, r, c, rows, columns);
      } else {
        transpose_tile<true>(block, r, c, rows, columns);
      }
    }
  }
}
