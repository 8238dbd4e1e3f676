// output[c] = numbers[t] of the largest taps[t][c]: of equal ones the first, and the last NaN when there is one (PyTorch's
// max_pool with indices). Layouts: see NumberedTaps; any alignment; tap_count >= 1. No tile: each tap is one load, one comparison
// and two choices.
#pragma once

void max_pool_indices_f32(const NumberedTaps& window) {
  for (int64_t c = 0; c < window.channels; c += kLanes) {
    const int n = window.channels - c < kLanes ? static_cast<int>(window.channels - c) : kLanes;
    V best = LoadN(window.taps[0] + c, n), index = Set(window.numbers[0]);
    for (int64_t t = 1; t < window.tap_count; ++t) {
      const V x = LoadN(window.taps[t] + c, n);
      const M wins = Or(Gt(x, best), IsNaN(x));
      best = IfThenElse(wins, x, best);
      index = IfThenElse(wins, Set(window.numbers[t]), index);
    }
    StoreN(index, window.output + c, n);
  }
}
