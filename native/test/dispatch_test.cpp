#include "../runtime/dispatch.h"

#include <cstring>

#include "test.h"

namespace im2col::test {
namespace {

TEST(dispatch_forces_every_runnable_isa) {
  int count;
  const KernelTable* const* tables = runnable_kernels(count);
  CHECK(count > 0 && std::strcmp(tables[count - 1]->isa, "scalar") == 0, "scalar runs everywhere and comes last");
  for (int i = 0; i < count; ++i) {
    Status status;
    CHECK(choose_kernels(tables[i]->isa, status) == tables[i] && status.ok(), "forcing %s", tables[i]->isa);
  }
}

TEST(dispatch_takes_the_best_unless_forced) {
  int count;
  const KernelTable* const* tables = runnable_kernels(count);
  for (const char* not_forced : {static_cast<const char*>(nullptr), ""}) {
    Status status;
    CHECK(choose_kernels(not_forced, status) == tables[0] && status.ok(), "expected %s", tables[0]->isa);
  }
}

TEST(dispatch_refuses_an_isa_that_cannot_run) {
  int count;
  const KernelTable* const* tables = runnable_kernels(count);
  std::string names;
  for (int i = 0; i < count; ++i) names += (i ? ", " : "") + std::string(tables[i]->isa);
  Status status;
  CHECK(choose_kernels("sse9", status) == nullptr, "sse9 does not exist");
  CHECK(status.code == Code::kUnsupported, "code %d", static_cast<int>(status.code));
  const std::string expected = "Expected IM2COL_ISA to be one of " + names + " on this machine but received 'sse9'";
  CHECK(status.message == expected, "%s", status.message.c_str());
}

ISA_TEST(table_is_complete) {
#define IM2COL_KERNEL(name, argument) CHECK(table.name != nullptr, #name);
#include "../kernels/kernels.inc"
#undef IM2COL_KERNEL
  CHECK(table.max_pixels[0] > 0, "panels of one vector must be offered");
  for (int pixels : table.max_pixels) CHECK(pixels >= 0 && pixels <= kMaxTilePixels, "%d pixels", pixels);
}

}  // namespace
}  // namespace im2col::test
