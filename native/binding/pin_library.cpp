#include "pin_library.h"

#ifdef _WIN32
#include <windows.h>
#else
#include <dlfcn.h>
#endif

namespace im2col {

void pin_library() {
  static const char inside_this_library = 0;
#ifdef _WIN32
  HMODULE module;
  GetModuleHandleExA(GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, &inside_this_library,
                     &module);
#else
  Dl_info info;
  if (dladdr(&inside_this_library, &info) != 0) dlopen(info.dli_fname, RTLD_LAZY | RTLD_NODELETE | RTLD_NOLOAD);
#endif
}

}  // namespace im2col
