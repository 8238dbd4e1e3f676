#include "winograd_weights.h"

#include <algorithm>

namespace im2col {

namespace {

// G: row i evaluates the kernel's polynomial at point i, over the product of that point's distances to the others; the last
// row is the point at infinity. The points are those of kernels/winograd.inl.h.
struct KernelTransform {
  int rows;
  double g[6][3];

  explicit KernelTransform(int outputs) : rows(outputs + 2) {
    static constexpr double kPoints2[] = {0, 1, -1};
    static constexpr double kPoints4[] = {0, 0.625, -0.625, 1.5, -1.5};
    const double* points = outputs == 2 ? kPoints2 : kPoints4;
    for (int i = 0; i < rows - 1; ++i) {
      double distances = 1;
      for (int j = 0; j < rows - 1; ++j) {
        if (j != i) distances *= points[i] - points[j];
      }
      g[i][0] = 1 / distances;
      g[i][1] = points[i] / distances;
      g[i][2] = points[i] * points[i] / distances;
    }
    g[rows - 1][0] = g[rows - 1][1] = 0;
    g[rows - 1][2] = 1;
  }

  // u[r * rows + s] for the 3 x 3 kernel k.
  void apply(const double (&k)[9], double* u) const {
    for (int r = 0; r < rows; ++r) {
      double row[3];
      for (int x = 0; x < 3; ++x) row[x] = g[r][0] * k[x] + g[r][1] * k[3 + x] + g[r][2] * k[6 + x];
      for (int s = 0; s < rows; ++s) u[r * rows + s] = row[0] * g[s][0] + row[1] * g[s][1] + row[2] * g[s][2];
    }
  }
};

}  // namespace

Status pack_winograd(const ConvProblem& p, int outputs, const BuildContext& context, PackedWinograd& packed) {
  const int lanes = context.kernels.lanes;
  const int64_t in = p.in_channels(), out = p.out_channels();
  const KernelTransform transform(outputs);
  const int taps = transform.rows * transform.rows;
  packed.panels = Panels(out, out > lanes ? 2 : 1, lanes);
  packed.in_channels = in;
  packed.taps = taps;
  const int64_t padded = packed.panels.padded_channels();

  const auto pack = [&](float* destination) {
    context.parallel.run(packed.panels.count(), [&](int64_t panel, int) {
      const int width = packed.panels.vectors(panel) * lanes;
      float* block = destination + packed.panels.first_channel(panel) * taps * in;
      for (int64_t c = 0; c < in; ++c) {
        for (int j = 0; j < width; ++j) {
          double u[kMaxWinogradTaps] = {};
          if (j < packed.panels.channels(panel)) {
            const int64_t o = packed.panels.first_channel(panel) + j;
            const double scale = p.scale ? p.scale->data[o] : 1.0;
            const float* source = p.weight->data + (o * in + c) * 9;
            double kernel[9];
            for (int i = 0; i < 9; ++i) kernel[i] = source[p.flip ? 8 - i : i] * scale;
            transform.apply(kernel, u);
          }
          for (int tap = 0; tap < taps; ++tap) block[(tap * in + c) * width + j] = static_cast<float>(u[tap]);
        }
      }
    });
    float* bias = destination + padded * taps * in;
    for (int64_t o = 0; o < padded; ++o) bias[o] = p.bias && o < out ? p.bias->data[o] : 0.0f;
  };
  const std::string kind = "winograd " + std::to_string(outputs) + " panels of " + std::to_string(packed.panels.widest()) + " x " +
                           std::to_string(lanes) + (p.flip ? " flipped" : "");
  return context.weights.get(p.weight->key, kind, static_cast<size_t>(padded * (taps * in + 1)), pack, packed.data);
}

}  // namespace im2col
