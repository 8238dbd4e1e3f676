// Kernels transformed for Winograd: U = G g G^T as [panel][tap of the t x t tile][input channel][panel width].
#pragma once

#include "conv_weights.h"

namespace im2col {

inline constexpr int kMaxWinogradTaps = 36;

struct PackedWinograd {
  Panels panels;
  int64_t in_channels = 0;
  int taps = 0;                // t * t
  WeightStore::Packed data;    // the transformed kernels, then the bias

  const float* weights(int64_t panel, int tap) const {
    const int64_t width = panels.vectors(panel) * panels.lanes();
    return data->data() + (panels.first_channel(panel) * taps + tap * width) * in_channels;
  }
  const float* bias(int64_t panel) const {
    return data->data() + panels.padded_channels() * taps * in_channels + panels.first_channel(panel);
  }
};

// `outputs` is 2 or 4. The transform is computed in double and rounded once.
Status pack_winograd(const ConvProblem& problem, int outputs, const BuildContext& context, PackedWinograd& packed);

}  // namespace im2col
