#include <memory>

#include "test.h"

namespace im2col::test {
namespace {

KERNEL_TEST(transpose_f32) {
  for (int64_t rows : interesting_sizes(table.lanes)) {
    for (int64_t columns : interesting_sizes(table.lanes)) {
      Rows source(rows, columns, columns + rows % 3), destination(columns, rows, rows + columns % 4);
      for (int64_t r = 0; r < rows; ++r) {
        for (int64_t c = 0; c < columns; ++c) source.at(r, c) = static_cast<float>(r * columns + c);
      }
      table.transpose_f32({source.data(), source.stride(), destination.data(), destination.stride(), rows, columns});
      for (int64_t r = 0; r < rows; ++r) {
        for (int64_t c = 0; c < columns; ++c) {
          CHECK(destination.at(c, r) == source.at(r, c), "%d x %d at (%d, %d)", static_cast<int>(rows), static_cast<int>(columns),
                static_cast<int>(r), static_cast<int>(c));
        }
      }
      CHECK(destination.gaps_untouched(), "%d x %d: wrote between the rows", static_cast<int>(rows), static_cast<int>(columns));
    }
  }
}

KERNEL_TEST(interleave_f32) {
  Random random;
  for (int sources = 1; sources <= kMaxInterleaved; ++sources) {
    if (!can_interleave(sources)) continue;
    for (int64_t channels : interesting_sizes(table.lanes)) {
      const int64_t pixels = 3;
      Rows output(pixels, channels * sources, channels * sources + 2);
      std::vector<std::unique_ptr<Rows>> inputs;
      InterleaveRow row{};
      row.source_count = sources;
      for (int s = 0; s < sources; ++s) {
        inputs.push_back(std::make_unique<Rows>(pixels, channels, channels + s));
        inputs.back()->fill(random, -1, 1);
        row.sources[s] = inputs.back()->data();
        row.source_strides[s] = inputs.back()->stride();
      }
      row.output = output.data();
      row.output_stride = output.stride();
      row.pixels = pixels;
      row.channels = channels;
      table.interleave_f32(row);
      for (int64_t p = 0; p < pixels; ++p) {
        for (int64_t c = 0; c < channels * sources; ++c) {
          const float expected = inputs[static_cast<size_t>(c % sources)]->at(p, c / sources);
          CHECK(output.at(p, c) == expected, "%d sources of %d channels: [%d][%d]", sources, static_cast<int>(channels),
                static_cast<int>(p), static_cast<int>(c));
        }
      }
      CHECK(output.gaps_untouched(), "%d channels: wrote between the pixels", static_cast<int>(channels));
    }
  }
}

}  // namespace
}  // namespace im2col::test
