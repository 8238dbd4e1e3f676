// Kernels transformed for Winograd: U = G g G^T as [group][panel][value][input channel of the group][panel width].
#pragma once

#include "conv_weights.h"

namespace im2col {

struct PackedWinograd {
  Panels panels;             // of one group
  int64_t groups = 1;
  int64_t channels = 0;      // of a group, in all stride * stride phases of the input
  int values = 0;            // of a tile
  WeightStore::Packed data;  // the transformed kernels of every group, then the biases of every group

  const float* weights(int64_t group, int64_t panel, int value) const {
    const int64_t width = panels.vectors(panel) * panels.lanes();
    return data->data() + (position(group, panel) * values + value * width) * channels;
  }
  const float* bias(int64_t group, int64_t panel) const { return data->data() + weights_size() + position(group, panel); }
  int64_t weights_size() const { return groups * panels.padded_channels() * values * channels; }
  // How many output channels, with the zeros that fill the last vector of a group, lie before a panel.
  int64_t position(int64_t group, int64_t panel) const { return group * panels.padded_channels() + panels.first_channel(panel); }
};

// A convolution with stride s is one with stride 1 over the s * s phases of the image as its channels, whose kernel has
// ceil(k / s) taps: phase (fy, fx) has every s-th row from fy on and every s-th column from fx on, and those taps of the
// kernel. The channels of a phase follow one another in the order fy, fx, c. The transform is computed in double and
// rounded once.
Status pack_winograd(const ConvProblem& problem, const WinogradForm& form, const BuildContext& context, PackedWinograd& packed);

}  // namespace im2col
