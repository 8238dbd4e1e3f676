// Weights packed for gemm_f32: [group][panel][k][panel width], k running over taps (d, h, w) and then the group's input
// channels, so that direct convolution, im2col and dense read the same packing.
#pragma once

#include <algorithm>

#include "../program/weight_store.h"
#include "conv_problem.h"

namespace im2col {

struct ConvRuns;

// How the output channels of one group are cut into panels: `vectors` vectors wide, the last one as wide as needed. Tiles ask
// for all of this, so nothing is divided here but once.
class Panels {
 public:
  Panels() = default;
  Panels(int64_t channels, int vectors, int lanes)
      : channels_(channels),
        lanes_(lanes),
        width_(int64_t{vectors} * lanes),
        count_((channels + width_ - 1) / width_),
        padded_channels_((channels + lanes - 1) / lanes * lanes),
        vectors_(count_ > 1 ? vectors : static_cast<int>(padded_channels_ / lanes)),
        last_vectors_(static_cast<int>((padded_channels_ - (count_ - 1) * width_) / lanes)) {}

  int64_t count() const { return count_; }
  int64_t first_channel(int64_t panel) const { return panel * width_; }
  // Channels of `count` panels.
  int channels(int64_t panel, int64_t count = 1) const {
    return static_cast<int>(std::min(channels_ - first_channel(panel), count * width_));
  }
  int vectors(int64_t panel) const { return panel + 1 < count_ ? vectors_ : last_vectors_; }
  int lanes() const { return lanes_; }
  int widest() const { return vectors_; }
  // Where the panels from `panel` on that are equally wide end, at most `count` of them.
  int64_t equal_end(int64_t panel, int64_t count) const {
    const int64_t end = std::min(panel + count, count_);
    return end > panel + 1 && vectors(end - 1) < vectors(panel) ? end - 1 : end;
  }
  // Channels including the zeros that fill the last vector.
  int64_t padded_channels() const { return padded_channels_; }

 private:
  int64_t channels_ = 0;
  int lanes_ = 1;
  int64_t width_ = 1;
  int64_t count_ = 0;
  int64_t padded_channels_ = 0;
  int vectors_ = 0;
  int last_vectors_ = 0;
};

// The panels that pack_conv chooses for one group.
Panels conv_panels(const ConvProblem& problem, const KernelTable& kernels);

// The part of the arithmetic's speed that tiles reach. A single vector of weights for each broadcast is bound by loads.
inline double gemm_efficiency(const Panels& panels) { return panels.widest() == 1 ? 0.8 : 0.95; }
// What the GEMM costs, in floating-point operations at full speed: those of the panels, zeros included, or the time that
// the weights take to arrive from memory.
double gemm_cost(const ConvProblem& problem, const KernelTable& kernels);
// Operations that a core of this vector length can do while a byte arrives from memory.
inline double operations_per_byte(const KernelTable& kernels) { return 0.45 * kernels.lanes; }

// Memory that a tile prefetches while it works: `step` elements for each k.
struct GemmPrefetch {
  const float* start = nullptr;
  int64_t step = 0;
};

struct PackedConv {
  Panels panels;
  int64_t reduction = 0;
  WeightStore::Packed data;  // the weights of every group, then the biases of every group

  const float* weights(int64_t group, int64_t panel) const {
    return data->data() + (group * panels.padded_channels() + panels.first_channel(panel)) * reduction;
  }
  // Part `part` of `parts` of the weights behind a panel, for a tile to prefetch.
  GemmPrefetch next_panel(int64_t group, int64_t panel, int64_t part, int64_t parts) const {
    const int64_t width = int64_t{panels.vectors(panel)} * panels.lanes();
    const int64_t step = (width + parts - 1) / parts;
    return {weights(group, panel) + (width + part * step) * reduction, step};
  }
  const float* bias(int64_t group, int64_t panel) const {
    return biases_ + group * panels.padded_channels() + panels.first_channel(panel);
  }

 private:
  friend Status pack_conv(const ConvProblem&, const BuildContext&, PackedConv&);
  const float* biases_ = nullptr;
};

Status pack_conv(const ConvProblem& problem, const BuildContext& context, PackedConv& packed);

// For depthwise_f32: for each vector of channels the bias and then the taps, [1 + taps][lanes], zero beyond the channels.
Status pack_depthwise(const ConvProblem& problem, const BuildContext& context, WeightStore::Packed& packed);

// Weights [vector of channels][tap][diagonal][lane] for grouped_f32, whose arithmetic says what a diagonal is, then the biases.
struct PackedGrouped {
  int64_t taps = 0;
  int64_t group_channels = 0;
  int64_t lanes = 0;
  int64_t padded_channels = 0;  // including the zeros that fill the last vector
  WeightStore::Packed data;

  int64_t vectors() const { return padded_channels / lanes; }
  const float* weights(int64_t vector) const { return data->data() + vector * taps * group_channels * lanes; }
  const float* bias(int64_t vector) const { return data->data() + padded_channels * taps * group_channels + vector * lanes; }
};

Status pack_grouped(const ConvProblem& problem, const BuildContext& context, PackedGrouped& packed);

// Weights [kMaxDotOutputs outputs][run][vector of a run][output][lane] for dot_products_f32, zero behind a run, then the biases.
struct PackedDot {
  int64_t output_size = 0;  // elements of one output
  int64_t outputs = 0;
  WeightStore::Packed data;

  const float* weights(int64_t first_output) const { return data->data() + first_output * output_size; }
  const float* bias(int64_t output) const { return data->data() + outputs * output_size + output; }
};

Status pack_dot(const ConvProblem& problem, const ConvRuns& runs, const BuildContext& context, PackedDot& packed);

}  // namespace im2col
