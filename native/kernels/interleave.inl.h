// y[p][c * sources + s] = x[s][p][c]: the channels of 2, 3, 4 or 8 sources dealt out in turn. Layouts: see InterleaveRow; any
// alignment; output must not overlap a source. A block is a vector of each source, which becomes as many vectors of the
// output: a power of two by a network of two-way interleaves, three by a permutation of each source and a blend.
#pragma once

// Element k of three interleaved vectors is element k / 3 of source k % 3; for the k of up to 16 lanes three times.
constexpr uint8_t kThirdIndex[48] = {0,  0,  0,  1,  1,  1,  2,  2,  2,  3,  3,  3,  4,  4,  4,  5,  5,  5,  6,  6,  6,  7,  7,  7,
                                     8,  8,  8,  9,  9,  9,  10, 10, 10, 11, 11, 11, 12, 12, 12, 13, 13, 13, 14, 14, 14, 15, 15, 15};
constexpr uint8_t kThirdSource[48] = {0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2,
                                      0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2};

template <int kSources>
IM2COL_INLINE void interleave_vectors(V (&v)[kSources]) {
  if (kSources == 3) {
    V y[kSources];
    IM2COL_UNROLL
    for (int i = 0; i < kSources; ++i) {
      const VI index = LoadBytes(kThirdIndex + i * kLanes);
      const V source = ConvertToFloat(LoadBytes(kThirdSource + i * kLanes));
      const V others = IfThenElse(Eq(source, Set(1.0f)), TableLookupLanes(v[1], index), TableLookupLanes(v[kSources - 1], index));
      y[i] = IfThenElse(Eq(source, Zero()), TableLookupLanes(v[0], index), others);
    }
    IM2COL_UNROLL
    for (int i = 0; i < kSources; ++i) v[i] = y[i];
    return;
  }
  constexpr int kHalf = kSources / 2;
  IM2COL_UNROLL
  for (int stage = 1; stage < kSources; stage *= 2) {
    V y[kSources];
    IM2COL_UNROLL
    for (int i = 0; i < kHalf; ++i) {
      y[2 * i] = InterleaveWholeLower(v[i], v[i + kHalf]);
      y[2 * i + 1] = InterleaveWholeUpper(v[i], v[i + kHalf]);
    }
    IM2COL_UNROLL
    for (int i = 0; i < kSources; ++i) v[i] = y[i];
  }
}

template <int kSources>
IM2COL_INLINE void interleave_pixels(const InterleaveRow& row) {
  for (int64_t p = 0; p < row.pixels; ++p) {
    float* output = row.output + p * row.output_stride;
    for (int64_t c = 0; c < row.channels;) {
      // A last block that is not whole begins earlier, over what is there already.
      if (row.channels >= kLanes && c + kLanes > row.channels) c = row.channels - kLanes;
      const int n = row.channels < kLanes ? static_cast<int>(row.channels) : kLanes;
      V v[kSources];
      IM2COL_UNROLL
      for (int s = 0; s < kSources; ++s) {
        const float* source = row.sources[s] + p * row.source_strides[s] + c;
        v[s] = n == kLanes ? LoadU(source) : LoadN(source, n);
      }
      interleave_vectors(v);
      IM2COL_UNROLL
      for (int s = 0; s < kSources; ++s) {
        float* to = output + c * kSources + s * kLanes;
        const int left = kSources * n - s * kLanes;
        if (n == kLanes) {
          StoreU(v[s], to);
        } else if (left > 0) {
          StoreN(v[s], to, left < kLanes ? left : kLanes);
        }
      }
      c += kLanes;
    }
  }
}

void interleave_f32(const InterleaveRow& row) {
  switch (row.source_count) {
    case 2: return interleave_pixels<2>(row);
    case 3: return interleave_pixels<3>(row);
    case 4: return interleave_pixels<4>(row);
    default: return interleave_pixels<8>(row);
  }
}
