// The forms of Winograd's minimal filtering, and their interpolation points.
#pragma once

namespace im2col {

// F(m, r) along one axis, or along both axes of an image: m outputs of a kernel of r taps from t = m + r - 1 inputs, by t
// multiplications (m x m outputs by t x t).
struct WinogradForm {
  int outputs;  // m
  int taps;     // r
  int axes;     // 1 or 2

  constexpr int inputs() const { return outputs + taps - 1; }
  constexpr int values() const { return axes == 2 ? inputs() * inputs() : inputs(); }
};

inline constexpr WinogradForm kWinogradForms[] = {{2, 3, 2}, {4, 3, 2}, {6, 3, 2}, {2, 5, 2}, {4, 4, 2}, {4, 3, 1}, {3, 7, 1}};
inline constexpr int kWinogradFormCount = sizeof(kWinogradForms) / sizeof(kWinogradForms[0]);
inline constexpr int kMaxWinogradInputs = 9;
inline constexpr int kMaxWinogradValues = 64;

// The t interpolation points are zero when t is even, pairs +p and -p, and infinity, in this order. Row t holds the pairs.
// They were searched in steps of 1/16 for the least rounding error on random data, and every product of their squares is
// exact in float32.
inline constexpr double kWinogradPairs[kMaxWinogradInputs + 1][4] = {
    {}, {}, {}, {}, {1}, {}, {0.625, 1.5}, {0.25, 0.875, 1.75}, {0.5, 1, 2}, {0.25, 0.6875, 1.125, 2.25},
};
constexpr int winograd_pair_count(int inputs) { return (inputs - 1) / 2; }
constexpr bool winograd_has_zero(int inputs) { return inputs % 2 == 0; }

}  // namespace im2col
