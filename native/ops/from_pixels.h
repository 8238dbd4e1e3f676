// Pictures to tensors: raw bytes are resampled, cropped or padded, mapped linearly in colour, and laid out, in one pass.
#pragma once

#include <cstdint>
#include <vector>

#include "../runtime/kernel_table.h"
#include "../runtime/parallel.h"
#include "../runtime/status.h"

namespace im2col {

// Rows of interleaved bytes without gaps.
struct PixelSource {
  const uint8_t* data = nullptr;
  int64_t size = 0;  // of data
  int64_t width = 0;
  int64_t height = 0;
  int64_t channels = 0;  // 1 .. kMaxPictureChannels
};

// The whole picture is resampled to resized_width x resized_height by Pillow's and torchvision's filters, the triangle of
// bilinear resizing or the cubic of bicubic, antialiased when it shrinks and kept within 0..255. The window at (left, top)
// of width x height becomes the output: `pad` where it reaches beyond the picture, elsewhere shift + matrix * bytes.
struct PixelTransform {
  int64_t resized_width = 0;
  int64_t resized_height = 0;
  int64_t left = 0;
  int64_t top = 0;
  int64_t width = 0;
  int64_t height = 0;
  bool bicubic = false;
  int64_t channels = 0;       // 1 .. kMaxPictureChannels
  std::vector<float> matrix;  // [channels][source channels]
  std::vector<float> shift;   // [channels]
  std::vector<float> pad;     // [channels]
  bool channels_first = false;  // C, H, W instead of H, W, C
};

// Says what is wrong with the arguments; from_pixels may only be called when it is ok.
Status check_pixels(const PixelSource& source, const PixelTransform& transform);

// Writes channels * height * width elements. The result does not depend on the number of threads.
Status from_pixels(const PixelSource& source, const PixelTransform& transform, const KernelTable& kernels,
                   const Parallel& parallel, float* output);

}  // namespace im2col
