// y = act(y) in place, for the channels of `pixels` pixels that lie `stride` elements apart: the second pass of kernels
// whose tiles apply clamps in registers and leave longer activations to values in the cache.
#pragma once

IM2COL_INLINE void activate_rows(float* y, ptrdiff_t stride, int64_t pixels, int64_t channels, const Activation& activation) {
  for (int64_t p = 0; p < pixels; ++p, y += stride) {
    int64_t c = 0;
    for (; c + kLanes <= channels; c += kLanes) StoreU(apply_activation(LoadU(y + c), activation), y + c);
    if (c < channels) {
      const int n = static_cast<int>(channels - c);
      StoreN(apply_activation(LoadN(y + c, n), activation), y + c, n);
    }
  }
}
