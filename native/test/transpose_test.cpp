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

}  // namespace
}  // namespace im2col::test
