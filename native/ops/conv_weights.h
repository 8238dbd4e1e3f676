// Weights packed for gemm_f32: [group][panel][k][panel width], k running over taps (d, h, w) and then the group's input
// channels, so that direct convolution, im2col and dense read the same packing.
#pragma once

#include <algorithm>
#include <string>

#include "../program/weight_store.h"
#include "conv_problem.h"

namespace im2col {

struct ConvRuns;

// How the output channels of one group are cut into panels: `vectors` vectors wide, the last one as wide as needed, which with
// kJoin is one more where one vector would remain. Tiles ask for all of this, so nothing is divided here but once.
class Panels {
 public:
  enum class Rest { kAlone, kJoin };

  Panels() = default;
  Panels(int64_t channels, int vectors, int lanes, Rest rest = Rest::kAlone)
      : channels_(channels), lanes_(lanes), width_(int64_t{vectors} * lanes) {
    const int64_t all = (channels + lanes - 1) / lanes, joined = rest == Rest::kJoin && all > vectors && all % vectors == 1 ? 1 : 0;
    count_ = (all + vectors - 1) / vectors - joined;
    padded_channels_ = all * lanes;
    last_vectors_ = static_cast<int>(all - (count_ - 1) * vectors);
    vectors_ = count_ > 1 ? vectors : last_vectors_;
  }

  int64_t count() const { return count_; }
  int64_t first_channel(int64_t panel) const { return panel * width_; }
  // Channels of `count` panels.
  int channels(int64_t panel, int64_t count = 1) const {
    const int64_t end = panel + count < count_ ? first_channel(panel + count) : channels_;
    return static_cast<int>(end - first_channel(panel));
  }
  int vectors(int64_t panel) const { return panel + 1 < count_ ? vectors_ : last_vectors_; }
  int lanes() const { return lanes_; }
  int widest() const { return std::max(vectors_, last_vectors_); }
  int narrowest() const { return std::min(vectors_, last_vectors_); }
  // Tells packings of the same channels apart.
  std::string name() const {
    return "panels of " + std::to_string(vectors_) + " and " + std::to_string(last_vectors_) + " x " + std::to_string(lanes_);
  }
  // Where the panels from `panel` on that are equally wide end, at most `count` of them.
  int64_t equal_end(int64_t panel, int64_t count) const {
    const int64_t end = std::min(panel + count, count_);
    return end > panel + 1 && vectors(end - 1) != vectors(panel) ? end - 1 : end;
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

// A panel that tiles of few pixels read often has to stay in these parts of a typical second-level cache: the small one while
// others arrive in it or are written.
inline constexpr int64_t kWidePanelBytes = 384 * 1024;
inline constexpr int64_t kSmallPanelBytes = 128 * 1024;

// The panels for tiles of many pixels. All of their tiles have as many multiply-adds, but a wide one loads fewer inputs for them: what
// else a tile does counts on a core that another thread shares. Panels are as wide as the channels fill them and as `cached_bytes`
// hold them, and two vectors else, for the tallest tile, whose weights are read least often.
Panels gemm_panels(int64_t channels, int64_t reduction, const KernelTable& kernels, int64_t cached_bytes = kWidePanelBytes);
// The panels that pack_conv chooses for one group.
Panels conv_panels(const ConvProblem& problem, const KernelTable& kernels);

// The part of the arithmetic's speed that tiles reach. A single vector of weights for each broadcast is bound by loads.
inline double gemm_efficiency(const Panels& panels) { return panels.widest() == 1 ? 0.8 : 0.95; }
// What the GEMM costs, in floating-point operations at full speed: those of the panels, zeros included, and what the arrival
// of the weights adds.
double gemm_cost(const ConvProblem& problem, const KernelTable& kernels);
// Operations that a core of this vector length can do while a byte arrives from memory.
inline double operations_per_byte(const KernelTable& kernels) { return 0.72 * kernels.lanes; }

// Elements of a line of the cache.
inline constexpr int64_t kLineElements = 16;

// Memory that a tile prefetches while it works: `step` elements for each k.
struct GemmPrefetch {
  const float* start = nullptr;
  int64_t step = 0;
};

struct PackedConv {
  Panels panels;
  int64_t groups = 1;
  int64_t reduction = 0;
  WeightStore::Packed data;  // the weights of every group, then the biases of every group

  const float* weights(int64_t group, int64_t panel) const {
    return data->data() + (group * panels.padded_channels() + panels.first_channel(panel)) * reduction;
  }
  // Part `part` of `parts` of the panel behind a panel, for a tile to prefetch. Behind the last panel it is of what is upcoming
  // then, as much of it as arrives meanwhile: a line with every k.
  GemmPrefetch next_weights(int64_t group, int64_t panel, int64_t part, int64_t parts, const UpcomingWeights& upcoming) const {
    const bool ends = panel + 1 == panels.count(), last = ends && group + 1 == groups;
    const UpcomingWeights next = last ? upcoming : ends ? whole_panel(group + 1, 0) : whole_panel(group, panel + 1);
    const int64_t share = (next.size + parts * reduction - 1) / (parts * reduction);
    const int64_t step = last ? std::min(share, kLineElements) : share;
    return {next.start + part * step * reduction, step};
  }
  UpcomingWeights whole_panel(int64_t group, int64_t panel) const {
    return {weights(group, panel), int64_t{panels.vectors(panel)} * panels.lanes() * reduction};
  }
  const float* bias(int64_t group, int64_t panel) const {
    return biases_ + group * panels.padded_channels() + panels.first_channel(panel);
  }

 private:
  friend Status pack_conv(const ConvProblem&, const Panels&, const BuildContext&, PackedConv&);
  const float* biases_ = nullptr;
};

Status pack_conv(const ConvProblem& problem, const Panels& panels, const BuildContext& context, PackedConv& packed);
inline Status pack_conv(const ConvProblem& problem, const BuildContext& context, PackedConv& packed) {
  return pack_conv(problem, conv_panels(problem, context.kernels), context, packed);
}

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
