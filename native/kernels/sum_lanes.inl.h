// The sums of the lanes of kLanes vectors, lane i that of rows[i]: in each step two vectors become one, half of whose lanes continue the
// sums of the one and half those of the other. The order of a sum does not depend on the other rows.
#pragma once

template <int kWidth>
IM2COL_INLINE V sum_lanes_of(V (&rows)[2 * kWidth]) {
  V folded[kWidth];
  IM2COL_UNROLL
  for (int i = 0; i < kWidth; ++i) {
    const V a = rows[i], b = rows[i + kWidth];
    folded[i] = Add(BlendLanes<kWidth>(a, b), SwapLanes<kWidth>(BlendLanes<kWidth>(b, a)));
  }
  if constexpr (kWidth == 1) {
    return folded[0];
  } else {
    return sum_lanes_of<kWidth / 2>(folded);
  }
}

IM2COL_INLINE V sum_lanes(V (&rows)[kLanes]) {
  if constexpr (kLanes == 1) {
    return rows[0];
  } else {
    return sum_lanes_of<kLanes / 2>(rows);
  }
}
