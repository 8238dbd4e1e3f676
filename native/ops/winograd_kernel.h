// The transform of a kernel for Winograd's filtering.
#pragma once

#include "../kernels/winograd_forms.h"

namespace im2col {

inline constexpr int kMaxWinogradTaps = 7;

// G: row i evaluates the kernel's polynomial at point i, over the product of that point's distances to the others; the last
// row is the point at infinity.
class WinogradKernelTransform {
 public:
  explicit WinogradKernelTransform(const WinogradForm& form) : form_(form) {
    double points[kMaxWinogradInputs] = {};
    int finite = winograd_has_zero(form.inputs()) ? 1 : 0;
    for (int i = 0; i < winograd_pair_count(form.inputs()); ++i) {
      points[finite++] = kWinogradPairs[form.inputs()][i];
      points[finite++] = -kWinogradPairs[form.inputs()][i];
    }
    for (int i = 0; i < finite; ++i) {
      double value = 1;
      for (int j = 0; j < finite; ++j) {
        if (j != i) value /= points[i] - points[j];
      }
      for (int k = 0; k < form.taps; ++k, value *= points[i]) g_[i][k] = value;
    }
    g_[finite][form.taps - 1] = 1;
  }

  // u[r * t + s] for the kernel k of r x r taps, or u[r] for one of r.
  void apply(const double* k, double* u) const {
    const int inputs = form_.inputs(), taps = form_.taps;
    const int columns = form_.axes == 2 ? taps : 1;
    for (int r = 0; r < inputs; ++r) {
      double row[kMaxWinogradTaps] = {};
      for (int y = 0; y < taps; ++y) {
        for (int x = 0; x < columns; ++x) row[x] += g_[r][y] * k[y * columns + x];
      }
      if (form_.axes == 1) {
        u[r] = row[0];
        continue;
      }
      for (int s = 0; s < inputs; ++s) {
        u[r * inputs + s] = 0;
        for (int x = 0; x < taps; ++x) u[r * inputs + s] += g_[s][x] * row[x];
      }
    }
  }

 private:
  const WinogradForm& form_;
  double g_[kMaxWinogradInputs][kMaxWinogradTaps] = {};
};

}  // namespace im2col
