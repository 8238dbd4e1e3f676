#include <algorithm>
#include <cmath>
#include <cstring>

#include "reference.h"
#include "test.h"

namespace im2col::test {
namespace {

KERNEL_TEST(resample_rows_u8) {
  Random random;
  for (int64_t size : interesting_sizes(4 * table.lanes)) {
    for (int64_t taps : {1, 2, 7}) {
      const size_t stride = static_cast<size_t>((size + 7) / 4 * 4);
      // The last row ends with the guarded memory, up to the rest of a float.
      Guarded memory((static_cast<size_t>(taps) * stride) / sizeof(float));
      uint8_t* source = reinterpret_cast<uint8_t*>(memory.data()) + (stride - static_cast<size_t>(size));
      for (size_t i = 0; i < memory.size() * sizeof(float); ++i) reinterpret_cast<uint8_t*>(memory.data())[i] = static_cast<uint8_t>(random.bits());
      Guarded weights(static_cast<size_t>(taps)), output(static_cast<size_t>(size));
      weights.fill(random, -1, 1);
      table.resample_rows_u8({source, static_cast<ptrdiff_t>(stride), weights.data(), taps, output.data(), size});
      for (int64_t i = 0; i < size; ++i) {
        double sum = 0, magnitude = 0;
        for (int64_t t = 0; t < taps; ++t) {
          const double product = double{weights[static_cast<size_t>(t)]} * source[t * static_cast<int64_t>(stride) + i];
          sum += product;
          magnitude += std::fabs(product);
        }
        CHECK(std::fabs(output[static_cast<size_t>(i)] - sum) <= tolerance(2 * taps, magnitude), "%d elements, %d taps: [%d] = %.9g, expected %.9g",
              static_cast<int>(size), static_cast<int>(taps), static_cast<int>(i), output[static_cast<size_t>(i)], sum);
      }
    }
  }
}

KERNEL_TEST(resample_columns_f32) {
  Random random;
  constexpr int64_t kSourcePixels = 9, kPixels = 5, kWeightStride = 4;
  constexpr float kLeast = -150, kMost = 100;
  const int32_t first[kPixels] = {0, 2, 3, 5, 8}, taps[kPixels] = {1, 3, 4, 4, 1};
  for (int source_channels = 1; source_channels <= kMaxPictureChannels; ++source_channels) {
    for (int channels = 1; channels <= kMaxPictureChannels; ++channels) {
      const int64_t lanes = table.lanes;
      Rows input(kSourcePixels * source_channels, lanes, lanes), output(kPixels * channels, lanes, lanes);
      Rows weights(kPixels, kWeightStride, kWeightStride), matrix(channels, source_channels, source_channels);
      Guarded shift(static_cast<size_t>(channels));
      input.fill(random, 0, 255);
      weights.fill(random, -1, 1);
      matrix.fill(random, -1, 1);
      shift.fill(random, -1, 1);
      table.resample_columns_f32({input.data(), first, taps, weights.data(), kWeightStride, kLeast, kMost, kPixels,
                                  source_channels, channels, matrix.data(), shift.data(), output.data()});
      for (int64_t p = 0; p < kPixels; ++p) {
        for (int c = 0; c < channels; ++c) {
          for (int64_t lane = 0; lane < lanes; ++lane) {
            double sum = shift[static_cast<size_t>(c)], magnitude = std::fabs(sum);
            for (int s = 0; s < source_channels; ++s) {
              double along_row = 0;
              for (int64_t t = 0; t < taps[p]; ++t) {
                const double term = double{weights.at(p, t)} * input.at((first[p] + t) * source_channels + s, lane);
                along_row += term;
                magnitude += std::fabs(matrix.at(c, s) * term);
              }
              sum += matrix.at(c, s) * std::min<double>(std::max<double>(along_row, kLeast), kMost);
            }
            CHECK(std::fabs(output.at(p * channels + c, lane) - sum) <= tolerance(2 * (taps[p] + source_channels + 1), magnitude),
                  "%d to %d channels: pixel %d channel %d = %.9g, expected %.9g", source_channels, channels, static_cast<int>(p), c,
                  output.at(p * channels + c, lane), sum);
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace im2col::test
