// Weights packed for gemm_f32: [group][panel][k][panel width], k running over taps (d, h, w) and then the group's input
// channels, so that direct convolution, im2col and dense read the same packing.
#pragma once

#include "../program/weight_store.h"
#include "conv_problem.h"

namespace im2col {

// How the output channels of one group are cut into panels: `vectors` vectors wide, the last one as wide as needed.
class Panels {
 public:
  Panels() = default;
  Panels(int64_t channels, int vectors, int lanes) : channels_(channels), vectors_(vectors), lanes_(lanes) {}

  int64_t count() const { return (channels_ + width() - 1) / width(); }
  int64_t first_channel(int64_t panel) const { return panel * width(); }
  int channels(int64_t panel) const {
    const int64_t rest = channels_ - first_channel(panel);
    return static_cast<int>(rest < width() ? rest : width());
  }
  int vectors(int64_t panel) const { return (channels(panel) + lanes_ - 1) / lanes_; }
  int lanes() const { return lanes_; }
  int widest() const { return vectors(0); }
  // Channels including the zeros that fill the last vector.
  int64_t padded_channels() const { return (channels_ + lanes_ - 1) / lanes_ * lanes_; }

 private:
  int64_t width() const { return int64_t{vectors_} * lanes_; }

  int64_t channels_ = 0;
  int vectors_ = 1;
  int lanes_ = 1;
};

// The panels that pack_conv chooses for one group.
Panels conv_panels(const ConvProblem& problem, const KernelTable& kernels);

// What the GEMM costs, in floating-point operations at full speed: those of the panels, zeros included, or the time that
// the weights take to arrive from memory.
double gemm_cost(const ConvProblem& problem, const KernelTable& kernels);
// Operations that a core of this vector length can do while a byte arrives from memory.
inline double operations_per_byte(const KernelTable& kernels) { return 0.45 * kernels.lanes; }

struct PackedConv {
  Panels panels;
  int64_t reduction = 0;
  WeightStore::Packed data;  // the weights of every group, then the biases of every group

  const float* weights(int64_t group, int64_t panel) const {
    return data->data() + (group * panels.padded_channels() + panels.first_channel(panel)) * reduction;
  }
  const float* bias(int64_t group, int64_t panel) const {
    return biases_ + group * panels.padded_channels() + panels.first_channel(panel);
  }

 private:
  friend Status pack_conv(const ConvProblem&, const BuildContext&, PackedConv&);
  const float* biases_ = nullptr;
};

Status pack_conv(const ConvProblem& problem, const BuildContext& context, PackedConv& packed);

// Weights [tap][channel], then the bias [channel], for depthwise_f32.
Status pack_depthwise(const ConvProblem& problem, const BuildContext& context, WeightStore::Packed& packed);

}  // namespace im2col
