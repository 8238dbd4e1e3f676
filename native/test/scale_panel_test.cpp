#include <cfloat>
#include <cmath>
#include <iterator>

#include "test.h"

namespace im2col::test {
namespace {

KERNEL_TEST(scale_panel_f32) {
  Random random;
  for (int vectors = 1; vectors <= kMaxPanelVectors; ++vectors) {
    for (int64_t channels : {1, 2, 7, 33}) {
      const int64_t width = int64_t{vectors} * table.lanes;
      const size_t size = static_cast<size_t>(channels * width);
      Guarded weights(size), output(size), scale(static_cast<size_t>(channels));
      weights.fill(random, -2, 2);
      scale.fill(random, -1, 1);
      table.scale_panel_f32({weights.data(), scale.data(), output.data(), channels, vectors});
      for (size_t i = 0; i < size; ++i) {
        const float expected = weights[i] * scale[i / static_cast<size_t>(width)];
        CHECK(output[i] == expected, "%d vectors: [%zu] = %.9g, expected %.9g", vectors, i, output[i], expected);
      }
    }
  }
}

ISA_TEST(scale_panel_f32_of_extremes) {
  constexpr float kScales[] = {1e-39f, -1e-45f, FLT_MIN, 1.5f * FLT_MIN, 0.0f, NAN, INFINITY, FLT_MAX};
  constexpr int64_t kCount = std::size(kScales);
  const size_t lanes = static_cast<size_t>(table.lanes);
  Guarded weights(kCount * lanes), output(kCount * lanes), scale(kCount);
  for (size_t c = 0; c < kCount; ++c) {
    scale[c] = kScales[c];
    for (size_t i = 0; i < lanes; ++i) weights[c * lanes + i] = i % 2 == 0 ? 1.0f : 0.75f;
  }
  table.scale_panel_f32({weights.data(), scale.data(), output.data(), kCount, 1});
  for (size_t i = 0; i < kCount * lanes; ++i) {
    const float product = weights[i] * scale[i / lanes];
    const float expected = std::fabs(product) < FLT_MIN ? 0.0f : product;
    CHECK(output[i] == expected || (std::isnan(output[i]) && std::isnan(expected)), "%.9g times %.9g = %.9g, expected %.9g", weights[i],
          scale[i / lanes], output[i], expected);
  }
}

}  // namespace
}  // namespace im2col::test
