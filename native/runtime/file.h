// Reading of a file from several threads.
#pragma once

#include <cstddef>
#include <cstdint>

#include "status.h"

namespace im2col {

#ifdef _WIN32
using FileDescriptor = void*;  // a HANDLE
#else
using FileDescriptor = int;
#endif

// A file that stays open for reading, whoever renames or removes it.
class File {
 public:
  // Takes the descriptor over.
  explicit File(FileDescriptor descriptor);
  ~File();
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  // Fills `destination` with the bytes from `position` on. kUnreadable when the file has too few of them, was written to since it was
  // opened here, or its system fails. Thread-safe.
  Status read(void* destination, size_t size_bytes, uint64_t position) const;

 private:
  // What changes when somebody writes to the file.
  struct Version {
    uint64_t size_bytes = 0;
    uint64_t modified = 0;
    bool operator==(const Version& other) const { return size_bytes == other.size_bytes && modified == other.modified; }
  };

  Version version() const;
  // How many bytes were read: 0 at the end of the file, -1 when it failed.
  int64_t read_some(void* destination, size_t size_bytes, uint64_t position) const;

  const FileDescriptor descriptor_;
  const Version opened_;
};

}  // namespace im2col
