// How often memory was taken, so that tests can see that runs take none.
#pragma once

#include <cstddef>

namespace im2col::test {

// Calls of operator new and AlignedBuffers made, on all threads.
size_t allocation_count();

}  // namespace im2col::test
