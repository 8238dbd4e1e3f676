#include "thread_start.h"

#include <cstddef>
#include <memory>
#include <utility>

#ifdef _WIN32
#include <process.h>
#include <windows.h>
#else
#include <pthread.h>
#include <signal.h>
#endif

namespace im2col {
namespace {

// Enough for any kernel under a sanitizer, and the same where the system's default is small (musl).
constexpr size_t kStackBytes = size_t{2} << 20;

struct Start {
  const char* name;
  std::function<void()> entry;
};

void run_start(void* pointer) {
  const std::unique_ptr<Start> start(static_cast<Start*>(pointer));
#ifdef __linux__
  pthread_setname_np(pthread_self(), start->name);
#elif defined(__APPLE__)
  pthread_setname_np(start->name);
#endif
  start->entry();
}

}  // namespace

#ifdef _WIN32

bool start_detached_thread(const char* name, std::function<void()> entry) {
  std::unique_ptr<Start> start(new Start{name, std::move(entry)});
  const auto run = [](void* pointer) -> unsigned {
    run_start(pointer);
    return 0;
  };
  const uintptr_t handle = _beginthreadex(nullptr, static_cast<unsigned>(kStackBytes), run, start.get(),
                                          STACK_SIZE_PARAM_IS_A_RESERVATION, nullptr);
  if (handle == 0) return false;
  start.release();
  CloseHandle(reinterpret_cast<HANDLE>(handle));
  return true;
}

#else

bool start_detached_thread(const char* name, std::function<void()> entry) {
  std::unique_ptr<Start> start(new Start{name, std::move(entry)});
  const auto run = [](void* pointer) -> void* {
    run_start(pointer);
    return nullptr;
  };

  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, kStackBytes);

  // A new thread inherits the mask, so the process's signal handlers run on the threads that they were written for.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  const int error = pthread_create(&thread, &attributes, run, start.get());
  pthread_sigmask(SIG_SETMASK, &before, nullptr);

  pthread_attr_destroy(&attributes);
  if (error != 0) return false;
  start.release();
  return true;
}

#endif

}  // namespace im2col
