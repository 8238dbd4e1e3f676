// Correlation of two images, as FlowNet's: the products of patches of one with displaced patches of the other.
//
//   y[h][w][i * P + j] = scale * sum over u, v, c of a[h'][w'][c] * b[h' + (i - P / 2) * d][w' + (j - P / 2) * d][c]
//   with h' = h * stride - pad + u * dilation, w' likewise; what lies outside of either image counts as 0.
#include <algorithm>
#include <limits>

#include "factories.h"
#include "op_support.h"
#include "partition.h"

namespace im2col {
namespace {

struct CorrelationGeometry {
  ViewSpec a;
  ViewSpec b;
  ViewSpec output;
  int64_t patch = 1;           // P, displacements along each axis
  int64_t patch_dilation = 1;  // d
  int64_t kernel = 1;          // u and v run over it
  int64_t stride = 1;
  int64_t padding = 0;
  int64_t dilation = 1;
  float scale = 1;
};

// Which of the positions first, first + step, ... lie in [0, size).
struct Range {
  int64_t begin = 0;
  int64_t end = 0;
};

Range inside(int64_t first, int64_t step, int64_t count, int64_t size) {
  const int64_t begin = first < 0 ? (step - 1 - first) / step : 0;
  return {begin, first < size ? std::min(count, (size - 1 - first) / step + 1) : 0};
}

class Correlation final : public Step {
 public:
  Correlation(const KernelTable& kernels, const CorrelationGeometry& geometry) : kernels_(kernels), g_(geometry) {}

  // The pixels of an output row take the rows of b one after the other, and pixels that meet the same ones of b follow each other, so
  // that what they share stays in the first-level cache.
  void run(const RunContext& context) const override {
    zero_halo(g_.output, context.arena);
    const int64_t cost = taps() * g_.output.shape[kC] * g_.a.shape[kC];
    for_ranges(context.parallel, pixel_count(g_.output), cost, [&](int64_t begin, int64_t end, int) {
      for_row_segments(begin, end, g_.output.shape[kW], [&](int64_t first, int64_t count) {
        run_segment(context.arena, first, count);
      });
    });
  }

  double flops() const override {
    return 2 * static_cast<double>(taps() * g_.a.shape[kC]) * static_cast<double>(element_count(g_.output));
  }

 private:
  // The pixels of a patch that may lie in the image.
  int64_t taps() const { return std::min(g_.kernel, g_.a.shape[kH]) * std::min(g_.kernel, g_.a.shape[kW]); }

  void run_segment(float* arena, int64_t first, int64_t count) const {
    const int64_t w = first % g_.output.shape[kW], h = first / g_.output.shape[kW] % g_.output.shape[kH];
    const int64_t n = first / g_.output.shape[kW] / g_.output.shape[kH];
    float* output = arena + cell_offset(g_.output, n, 0, h, w);
    for (int64_t p = 0; p < count; ++p) std::fill_n(output + p * g_.output.strides[kW], g_.output.shape[kC], 0.0f);
    const int64_t top = h * g_.stride - g_.padding, left = w * g_.stride - g_.padding;
    const int64_t width = g_.a.shape[kW], right = left + (count - 1) * g_.stride;
    const Range rows = inside(top, g_.dilation, g_.kernel, g_.a.shape[kH]);
    const Range columns{inside(right, g_.dilation, g_.kernel, width).begin, inside(left, g_.dilation, g_.kernel, width).end};
    for (int64_t u = rows.begin; u < rows.end; ++u) {
      const int64_t y = top + u * g_.dilation, first_row = y - g_.patch / 2 * g_.patch_dilation;
      const Range displacements = inside(first_row, g_.patch_dilation, g_.patch, g_.b.shape[kH]);
      for (int64_t i = displacements.begin; i < displacements.end; ++i) {
        const int64_t row = first_row + i * g_.patch_dilation;
        for (int64_t v = columns.begin; v < columns.end; ++v) {
          const int64_t x = left + v * g_.dilation;
          const int64_t step = g_.patch_dilation % g_.stride == 0 ? g_.patch_dilation / g_.stride : 1;
          for (int64_t k = 0; k < std::min(step, count); ++k) {
            for (int64_t p = k; p < count; p += step) {
              add_row(arena + cell_offset(g_.a, n, 0, y, 0), arena + cell_offset(g_.b, n, 0, row, 0), x + p * g_.stride,
                      output + p * g_.output.strides[kW] + i * g_.patch);
            }
          }
        }
      }
    }
  }

  // The displacements along a row: pixel x of a row of a with those pixels of a row of b that lie in the image.
  void add_row(const float* a, const float* b, int64_t x, float* output) const {
    const int64_t half = g_.patch / 2, d = g_.patch_dilation, width = g_.b.shape[kW];
    if (x < 0 || x >= width) return;
    const int64_t first = std::max<int64_t>(0, half - x / d);
    const int64_t last = std::min(g_.patch, half + (width - 1 - x) / d + 1);
    if (first >= last) return;
    kernels_.correlation_f32({a + x * g_.a.strides[kW], b + (x + (first - half) * d) * g_.b.strides[kW], d * g_.b.strides[kW],
                              last - first, output + first, g_.a.shape[kC], g_.scale});
  }

  const KernelTable& kernels_;
  CorrelationGeometry g_;
};

}  // namespace

Status make_correlation_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  constexpr int64_t kLargest = INT32_MAX;  // products of two are no overflow
  SpecReader reader(spec, context);
  CorrelationGeometry g;
  g.a = reader.input(0);
  g.b = reader.input(1);
  g.output = reader.output(0);
  g.patch = reader.integer("patch", 1, kLargest);
  g.patch_dilation = reader.integer("patchDilation", 1, kLargest);
  g.kernel = reader.integer("kernel", 1, kLargest);
  g.stride = reader.integer("stride", 1, kLargest);
  g.padding = reader.integer("padding", 0, kLargest);
  g.dilation = reader.integer("dilation", 1, kLargest);
  g.scale = reader.number("scale");
  expect_same_shape(reader, "input 0", g.a, "input 1", g.b);
  reader.expect(g.a.shape[kD] == 1 && g.output.shape[kD] == 1, "expected images without depth");
  reader.expect(g.a.shape[kN] == g.output.shape[kN], "expected input and output of the same batch");
  reader.expect(g.output.shape[kC] == g.patch * g.patch, "expected an output channel for every displacement");
  if (!reader.status().ok()) return reader.status();

  step = std::make_unique<Correlation>(context.kernels, g);
  return Status::Ok();
}

}  // namespace im2col
