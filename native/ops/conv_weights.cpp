#include "conv_weights.h"

#include <algorithm>
#include <memory>
#include <new>
#include <vector>

#include "conv_runs.h"
#include "view.h"

namespace im2col {

namespace {

// In an image of so few pixels a panel has hardly been used when the next one arrives in the cache.
constexpr int64_t kFewPixels = 100;
// Fewer sums in a tile than these do not hide how long a multiply-add takes, and how long the weights take to arrive.
constexpr int64_t kFewestSums = 16;

// One pixel for each image has no tile to speak of: there panels are wide because that keeps more sums in flight.
Panels dense_panels(int64_t channels, const KernelTable& kernels) {
  int vectors = static_cast<int>(std::min<int64_t>((channels + kernels.lanes - 1) / kernels.lanes, kMaxPanelVectors));
  while (kernels.max_pixels[vectors - 1] == 0) --vectors;
  return Panels(channels, vectors, kernels.lanes);
}

// Writes rows [first, first + count) of the weight matrix as [k][width] with zeros beyond count, k = tap * channels + c.
class PanelPacker {
 public:
  PanelPacker(const ConvProblem& p, const KernelTable& kernels, int widest)
      : p_(p),
        kernels_(kernels),
        widest_(widest),
        reorders_(p.taps() > 1 && (p.group_in() > 1 || p.flip)),
        block_channels_(std::max<int64_t>(1, kBlockRows / p.taps())) {}

  // Elements that a call of pack() needs: the rows as they are stored, and a block of them transposed.
  size_t scratch_size() const {
    return static_cast<size_t>(widest_) * static_cast<size_t>(p_.reduction() + block_channels_ * p_.taps());
  }

  void pack(int64_t first, int count, int width, float* scratch, float* destination) const {
    const int64_t k = p_.reduction();
    const float* source = p_.weight->slice(static_cast<size_t>(first * k), static_cast<size_t>(count * k), scratch);
    if (reorders_ || p_.center || p_.scale) {
      float* block = scratch + int64_t{widest_} * k;
      for (int64_t c = 0; c < p_.group_in(); c += block_channels_) {
        const int64_t channels = std::min(block_channels_, p_.group_in() - c);
        kernels_.transpose_f32({source + c * p_.taps(), k, block, width, count, channels * p_.taps()});
        place(block, first, count, width, c, channels, destination);
      }
    } else {
      kernels_.transpose_f32({source, k, destination, width, count, k});
    }
    for (int64_t i = 0; count < width && i < k; ++i) std::fill(destination + i * width + count, destination + (i + 1) * width, 0.0f);
  }

 private:
  // Rows of a block, which stays in the first-level cache between its transposition and its use.
  static constexpr int64_t kBlockRows = 128;

  // Rows (c, tap) of `block`, c counting from `first_channel`, to rows (tap, c) of `destination`, in the form that they are used in.
  void place(const float* block, int64_t first, int count, int width, int64_t first_channel, int64_t channels,
             float* destination) const {
    const int64_t taps = p_.taps();
    const float* scale = p_.scale ? p_.scale->data() + first : nullptr;
    std::vector<WeightForm> forms;
    for (int j = 0; p_.center && j < count; ++j) forms.push_back(p_.weight_form(first + j));
    for (int64_t c = 0; c < channels; ++c) {
      for (int64_t tap = 0; tap < taps; ++tap) {
        const float* from = block + (c * taps + (p_.flip ? taps - 1 - tap : tap)) * width;
        float* to = destination + (tap * p_.group_in() + first_channel + c) * width;
        if (p_.center) {
          for (int j = 0; j < count; ++j) to[j] = static_cast<float>(forms[static_cast<size_t>(j)](from[j]));
        } else {
          for (int j = 0; j < count; ++j) to[j] = scale ? from[j] * scale[j] : from[j];
        }
      }
    }
  }

  const ConvProblem& p_;
  const KernelTable& kernels_;
  const int widest_;
  const bool reorders_;
  const int64_t block_channels_;
};

std::string shape_suffix(const ConvProblem& p) {
  return " taps " + std::to_string(p.taps()) + " groups " + std::to_string(p.groups) + (p.flip ? " flipped" : "");
}

}  // namespace

Panels gemm_panels(int64_t channels, int64_t reduction, const KernelTable& kernels, int64_t cached_bytes) {
  for (int vectors = kMaxPanelVectors; vectors > 2; --vectors) {
    const Panels panels(channels, vectors, kernels.lanes, Panels::Rest::kJoin);
    const int narrowest = panels.narrowest(), widest = panels.widest();
    if (widest < vectors || widest > kMaxPanelVectors) continue;
    const int pixels = kernels.max_pixels[widest - 1];
    const int64_t panel_bytes = reduction * widest * kernels.lanes * static_cast<int64_t>(sizeof(float));
    const bool full = narrowest == widest || pixels * narrowest >= kFewestSums;
    if (pixels > 0 && full && panel_bytes <= cached_bytes) return panels;
  }
  return Panels(channels, channels > kernels.lanes ? 2 : 1, kernels.lanes);
}

Panels conv_panels(const ConvProblem& p, const KernelTable& kernels) {
  // Of one image, so that batches of all sizes share their weights.
  const int64_t pixels = p.output.shape[kD] * p.output.shape[kH] * p.output.shape[kW];
  if (pixels == 1) return dense_panels(p.group_out(), kernels);
  return gemm_panels(p.group_out(), p.reduction(), kernels, pixels <= kFewPixels ? kSmallPanelBytes : kWidePanelBytes);
}

double gemm_cost(const ConvProblem& p, const KernelTable& kernels) {
  constexpr double kArrival = 0.6;  // the part of the weights' arrival that the arithmetic does not hide
  const auto& o = p.output.shape;
  const Panels panels = conv_panels(p, kernels);
  const double pixels = static_cast<double>(o[kN] * o[kD] * o[kH] * o[kW]);
  const double weights = static_cast<double>(p.groups * panels.padded_channels() * p.reduction());
  return weights * (2 * pixels / gemm_efficiency(panels) + kArrival * sizeof(float) * operations_per_byte(kernels));
}

Status pack_conv(const ConvProblem& p, const Panels& panels, const BuildContext& context, PackedConv& packed) {
  const KernelTable& kernels = context.kernels;
  const int64_t padded = panels.padded_channels(), k = p.reduction();
  const size_t weights_size = static_cast<size_t>(p.groups * padded * k);
  const size_t size = weights_size + static_cast<size_t>(p.groups * padded);

  const PanelPacker packer(p, kernels, panels.widest() * kernels.lanes);
  const size_t scratch_size = packer.scratch_size();
  AlignedBuffer scratch(scratch_size * static_cast<size_t>(context.parallel.max_threads()));
  if (!scratch) return {Code::kOutOfMemory, "not enough memory to pack weights '" + p.weight->key + "'"};
  packed.panels = panels;
  packed.groups = p.groups;
  packed.reduction = k;
  const auto pack = [&](float* destination) {
    float* bias = destination + weights_size;
    context.parallel.run(p.groups * panels.count(), [&](int64_t i, int thread) {
      const int64_t group = i / panels.count(), panel = i % panels.count();
      const int64_t first = group * p.group_out() + panels.first_channel(panel);
      const int count = panels.channels(panel), width = panels.vectors(panel) * panels.lanes();
      const int64_t position = group * padded + panels.first_channel(panel);
      packer.pack(first, count, width, scratch.data() + scratch_size * static_cast<size_t>(thread), destination + position * k);
      for (int j = 0; j < width; ++j) bias[position + j] = p.bias && j < count ? p.bias->data()[first + j] : 0.0f;
    });
  };
  const std::string kind = panels.name() + shape_suffix(p);
  if (Status status = context.weights.get(*p.weight, kind, size, pack, packed.data, WeightStore::Access::kSlices); !status.ok()) {
    return status;
  }
  packed.biases_ = packed.data->data() + weights_size;
  return Status::Ok();
}

Status pack_depthwise(const ConvProblem& p, const BuildContext& context, WeightStore::Packed& packed) {
  const int lanes = context.kernels.lanes;
  const int64_t channels = p.out_channels(), taps = p.taps(), vectors = (channels + lanes - 1) / lanes;
  const auto pack = [&](float* destination) {
    for (int64_t c = 0; c < vectors * lanes; ++c) {
      float* to = destination + c / lanes * (1 + taps) * lanes + c % lanes;
      const bool exists = c < channels;
      const WeightForm form = exists ? p.weight_form(c) : WeightForm{};
      *to = exists && p.bias ? p.bias->data()[c] : 0.0f;
      for (int64_t tap = 0; tap < taps; ++tap) {
        to += lanes;
        *to = exists ? static_cast<float>(form(p.weight->data()[c * taps + (p.flip ? taps - 1 - tap : tap)])) : 0.0f;
      }
    }
  };
  const std::string kind = "depthwise " + std::to_string(lanes) + shape_suffix(p);
  return context.weights.get(*p.weight, kind, static_cast<size_t>(vectors * (1 + taps) * lanes), pack, packed);
}

Status pack_grouped(const ConvProblem& p, const BuildContext& context, PackedGrouped& packed) {
  const int64_t lanes = context.kernels.lanes, taps = p.taps(), in = p.group_in(), out = p.out_channels();
  packed.taps = taps;
  packed.group_channels = in;
  packed.lanes = lanes;
  packed.padded_channels = (out + lanes - 1) / lanes * lanes;
  const auto pack = [&](float* destination) {
    context.parallel.run(packed.vectors(), [&](int64_t vector, int) {
      float* to = destination + vector * taps * in * lanes;
      for (int64_t tap = 0; tap < taps; ++tap) {
        const float* from = p.weight->data() + (p.flip ? taps - 1 - tap : tap);
        for (int64_t diagonal = 0; diagonal < in; ++diagonal) {
          for (int64_t lane = 0; lane < lanes; ++lane) {
            const int64_t o = vector * lanes + (lane ^ diagonal % lanes);
            const int64_t i = (diagonal / lanes * lanes + lane) % in;
            *to++ = o < out ? static_cast<float>(p.weight_form(o)(from[(o * in + i) * taps])) : 0.0f;
          }
        }
      }
    });
    float* bias = destination + packed.padded_channels * taps * in;
    for (int64_t o = 0; o < packed.padded_channels; ++o) bias[o] = p.bias && o < out ? p.bias->data()[o] : 0.0f;
  };
  const std::string kind = "grouped " + std::to_string(lanes) + shape_suffix(p);
  return context.weights.get(*p.weight, kind, static_cast<size_t>(packed.padded_channels * (taps * in + 1)), pack, packed.data);
}

Status pack_dot(const ConvProblem& p, const ConvRuns& runs, const BuildContext& context, PackedDot& packed) {
  const int64_t lanes = context.kernels.lanes, count = static_cast<int64_t>(runs.offsets.size());
  const int64_t vectors = (runs.length + lanes - 1) / lanes, taps = p.taps(), in = p.in_channels();
  packed.outputs = p.out_channels();
  packed.output_size = count * vectors * lanes;
  const auto pack = [&](float* destination) {
    for (int64_t o = 0; o < packed.outputs; ++o) {
      const int64_t first = o / kMaxDotOutputs * kMaxDotOutputs;
      const int64_t together = std::min<int64_t>(kMaxDotOutputs, packed.outputs - first);
      float* const to = destination + first * packed.output_size + (o - first) * lanes;
      const WeightForm form = p.weight_form(o);
      for (int64_t i = 0; i < packed.output_size; ++i) {
        // Element k of the runs one behind the other is channel k % in of tap k / in.
        const int64_t position = i % (vectors * lanes), k = i / (vectors * lanes) * runs.length + position, tap = k / in;
        const bool exists = position < runs.length;
        to[i / lanes * lanes * together + i % lanes] =
            exists ? static_cast<float>(form(p.weight->data()[(o * in + k % in) * taps + (p.flip ? taps - 1 - tap : tap)])) : 0.0f;
      }
      destination[packed.outputs * packed.output_size + o] = p.bias ? p.bias->data()[o] : 0.0f;
    }
  };
  const std::string kind = "dot " + std::to_string(lanes) + " x " + std::to_string(count) + " runs" + shape_suffix(p);
  return context.weights.get(*p.weight, kind, static_cast<size_t>(packed.outputs * (packed.output_size + 1)), pack, packed.data);
}

}  // namespace im2col
