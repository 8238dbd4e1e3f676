// Starting a thread without exceptions.
#pragma once

#include <functional>

namespace im2col {

// Runs `entry` on a new detached thread that receives no signals; false when the system gives no thread. Debuggers show
// `name`, of at most 15 characters.
bool start_detached_thread(const char* name, std::function<void()> entry);

}  // namespace im2col
