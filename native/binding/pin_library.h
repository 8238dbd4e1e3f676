#pragma once

namespace im2col {

// Keeps this library in memory until the process ends, whoever unloads it.
void pin_library();

}  // namespace im2col
