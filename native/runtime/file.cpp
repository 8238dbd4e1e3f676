#include "file.h"

#include <algorithm>
#include <string>

#ifdef _WIN32
#include <windows.h>
#else
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#endif

namespace im2col {
namespace {

// Systems refuse or cut short reads that are larger.
constexpr size_t kMaxReadBytes = size_t{1} << 30;

}  // namespace

File::File(FileDescriptor descriptor) : descriptor_(descriptor), opened_(version()) {}

Status File::read(void* destination, size_t size_bytes, uint64_t position) const {
  if (!(version() == opened_)) return {Code::kUnreadable, "the file was changed after it was opened"};
  auto* next = static_cast<char*>(destination);
  while (size_bytes > 0) {
    const int64_t count = read_some(next, std::min(size_bytes, kMaxReadBytes), position);
    if (count < 0) return {Code::kUnreadable, "reading at byte " + std::to_string(position) + " failed"};
    if (count == 0) return {Code::kUnreadable, "the file ended at byte " + std::to_string(position)};
    next += count;
    position += static_cast<uint64_t>(count);
    size_bytes -= static_cast<size_t>(count);
  }
  return Status::Ok();
}

#ifdef _WIN32

File::~File() { CloseHandle(descriptor_); }

File::Version File::version() const {
  BY_HANDLE_FILE_INFORMATION info{};
  GetFileInformationByHandle(descriptor_, &info);
  const auto join = [](DWORD high, DWORD low) { return static_cast<uint64_t>(high) << 32 | low; };
  return {join(info.nFileSizeHigh, info.nFileSizeLow),
          join(info.ftLastWriteTime.dwHighDateTime, info.ftLastWriteTime.dwLowDateTime)};
}

int64_t File::read_some(void* destination, size_t size_bytes, uint64_t position) const {
  OVERLAPPED at{};
  at.Offset = static_cast<DWORD>(position);
  at.OffsetHigh = static_cast<DWORD>(position >> 32);
  DWORD count = 0;
  if (ReadFile(descriptor_, destination, static_cast<DWORD>(size_bytes), &count, &at)) return count;
  return GetLastError() == ERROR_HANDLE_EOF ? 0 : -1;
}

#else

File::~File() { close(descriptor_); }

File::Version File::version() const {
  struct stat info {};
  fstat(descriptor_, &info);
#ifdef __APPLE__
  const timespec& modified = info.st_mtimespec;
#else
  const timespec& modified = info.st_mtim;
#endif
  return {static_cast<uint64_t>(info.st_size),
          static_cast<uint64_t>(modified.tv_sec) * 1000000000 + static_cast<uint64_t>(modified.tv_nsec)};
}

int64_t File::read_some(void* destination, size_t size_bytes, uint64_t position) const {
  ssize_t count;
  do {
    count = pread(descriptor_, destination, size_bytes, static_cast<off_t>(position));
  } while (count < 0 && errno == EINTR);
  return count;
}

#endif

}  // namespace im2col
