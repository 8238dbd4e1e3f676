#include "conv_weights.h"

#include <algorithm>
#include <memory>
#include <new>

namespace im2col {

namespace {

// Two vectors per panel leave room for the tallest tile, whose weights are read least often. One pixel for each image
// (a dense layer) has no tile to speak of: there wide panels keep more sums in flight.
int panel_vectors(const ConvProblem& p, const KernelTable& kernels) {
  const int lanes = kernels.lanes;
  const bool dense = p.output.shape[1] * p.output.shape[2] * p.output.shape[3] == 1;
  int vectors = static_cast<int>(std::min<int64_t>((p.group_out() + lanes - 1) / lanes, dense ? kMaxPanelVectors : 2));
  while (kernels.max_pixels[vectors - 1] == 0) --vectors;
  return vectors;
}

// Writes rows [first, first + count) of the weight matrix as [k][width] with zeros beyond count, k = tap * channels + c.
// `row` is room for one row.
class PanelPacker {
 public:
  PanelPacker(const ConvProblem& p, const KernelTable& kernels)
      : p_(p), kernels_(kernels), reorders_(p.taps() > 1 && (p.group_in() > 1 || p.flip)) {}

  size_t scratch_size(int width) const {
    return reorders_ || p_.scale ? static_cast<size_t>(width) * static_cast<size_t>(p_.reduction()) : 0;
  }

  void pack(int64_t first, int count, int width, float* scratch, float* destination) const {
    const int64_t k = p_.reduction();
    const float* source = p_.weight->data + first * k;
    if (scratch_size(width) > 0) {
      for (int row = 0; row < count; ++row) {
        const float scale = p_.scale ? p_.scale->data[first + row] : 1.0f;
        reorder_row(source + row * k, scale, scratch + row * k);
      }
      source = scratch;
    }
    kernels_.transpose_f32({source, k, destination, width, count, k});
    for (int j = count; j < width; ++j) {
      for (int64_t i = 0; i < k; ++i) destination[i * width + j] = 0;
    }
  }

 private:
  // (channel, tap) to (tap, channel).
  void reorder_row(const float* source, float scale, float* destination) const {
    const int64_t taps = p_.taps(), channels = p_.group_in();
    for (int64_t tap = 0; tap < taps; ++tap) {
      const float* from = source + (p_.flip ? taps - 1 - tap : tap);
      float* to = destination + tap * channels;
      for (int64_t c = 0; c < channels; ++c) to[c] = from[c * taps] * scale;
    }
  }

  const ConvProblem& p_;
  const KernelTable& kernels_;
  const bool reorders_;
};

std::string shape_suffix(const ConvProblem& p) {
  return " taps " + std::to_string(p.taps()) + " groups " + std::to_string(p.groups) + (p.flip ? " flipped" : "");
}

}  // namespace

Panels conv_panels(const ConvProblem& p, const KernelTable& kernels) {
  return Panels(p.group_out(), panel_vectors(p, kernels), kernels.lanes);
}

double gemm_cost(const ConvProblem& p, const KernelTable& kernels) {
  const auto& o = p.output.shape;
  const double pixels = static_cast<double>(o[0] * o[1] * o[2] * o[3]);
  const double weights = static_cast<double>(p.groups * conv_panels(p, kernels).padded_channels() * p.reduction());
  return std::max(2 * pixels * weights / 0.95, weights * sizeof(float) * operations_per_byte(kernels));
}

Status pack_conv(const ConvProblem& p, const BuildContext& context, PackedConv& packed) {
  const KernelTable& kernels = context.kernels;
  const Panels panels = conv_panels(p, kernels);
  const int64_t padded = panels.padded_channels(), k = p.reduction();
  const size_t weights_size = static_cast<size_t>(p.groups * padded * k);
  const size_t size = weights_size + static_cast<size_t>(p.groups * padded);

  const PanelPacker packer(p, kernels);
  AlignedBuffer scratch;
  const size_t scratch_size = packer.scratch_size(panels.widest() * kernels.lanes);
  if (scratch_size > 0) {
    scratch = AlignedBuffer(scratch_size * static_cast<size_t>(context.parallel.max_threads()));
    if (!scratch) return {Code::kOutOfMemory, "not enough memory to pack weights '" + p.weight->key + "'"};
  }
  packed.panels = panels;
  packed.reduction = k;
  const auto pack = [&](float* destination) {
    float* bias = destination + weights_size;
    context.parallel.run(p.groups * panels.count(), [&](int64_t i, int thread) {
      const int64_t group = i / panels.count(), panel = i % panels.count();
      const int64_t first = group * p.group_out() + panels.first_channel(panel);
      const int count = panels.channels(panel), width = panels.vectors(panel) * panels.lanes();
      const int64_t position = group * padded + panels.first_channel(panel);
      packer.pack(first, count, width, scratch.data() + scratch_size * static_cast<size_t>(thread), destination + position * k);
      for (int j = 0; j < width; ++j) bias[position + j] = p.bias && j < count ? p.bias->data[first + j] : 0.0f;
    });
  };
  const std::string kind = "panels of " + std::to_string(panels.widest()) + " x " + std::to_string(kernels.lanes) + shape_suffix(p);
  if (Status status = context.weights.get(p.weight->key, kind, size, pack, packed.data); !status.ok()) return status;
  packed.biases_ = packed.data->data() + weights_size;
  return Status::Ok();
}

Status pack_depthwise(const ConvProblem& p, const BuildContext& context, WeightStore::Packed& packed) {
  const int64_t channels = p.out_channels(), taps = p.taps();
  const auto pack = [&](float* destination) {
    for (int64_t tap = 0; tap < taps; ++tap) {
      const float* from = p.weight->data + (p.flip ? taps - 1 - tap : tap);
      for (int64_t c = 0; c < channels; ++c) {
        *destination++ = from[c * taps] * (p.scale ? p.scale->data[c] : 1.0f);
      }
    }
    for (int64_t c = 0; c < channels; ++c) *destination++ = p.bias ? p.bias->data[c] : 0.0f;
  };
  return context.weights.get(p.weight->key, "depthwise" + shape_suffix(p), static_cast<size_t>((taps + 1) * channels), pack, packed);
}

}  // namespace im2col
