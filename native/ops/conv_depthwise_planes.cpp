// Depthwise convolution with a large kernel: one vector of channels at a time is copied to a plane of its own, whose pixels
// are neighbours in memory, so that the window of a tile stays in the caches. What lies in the padding is skipped: rows
// altogether, columns where no pixel of a tile has an input, so the image needs no halo.
#include <algorithm>
#include <new>
#include <vector>

#include "conv_weights.h"
#include "depthwise_planes.h"

namespace im2col {

namespace {

constexpr int64_t kTasksPerThread = 4;
constexpr int64_t kTaskRows = 2;  // a pair of rows shares its inputs

class DepthwisePlanes final : public Step {
 public:
  DepthwisePlanes(const ConvProblem& p, const BuildContext& context, WeightStore::Packed packed)
      : kernels_(context.kernels),
        geometry_(p),
        packed_(std::move(packed)),
        lanes_(context.kernels.lanes),
        vectors_((p.out_channels() + lanes_ - 1) / lanes_),
        columns_(p.input.shape[kW], p.output.shape[kW], p.kernel[2], p.stride[2], p.pad_start[2]),
        row_step_(p.stride[1] < p.kernel[1] ? p.stride[1] : p.kernel[1]) {
    const int64_t height = p.output.shape[kH];
    for (int64_t h = 0; h < height; ++h) {
      const int64_t count = h + 1 < height ? row_step_ : p.kernel[1];
      for (int64_t i = 0; i < count; ++i) {
        const int64_t row = h * p.stride[1] + i - p.pad_start[1];
        const bool inside = row >= 0 && row < p.input.shape[kH];
        row_offsets_.push_back(inside ? (row * columns_.count + columns_.before - p.pad_start[2]) * lanes_ : kRowOfZeros);
      }
    }
  }

  // A task is a vector of channels of some rows of one image.
  void run(const RunContext& context) const override {
    const ConvGeometry& p = geometry_;
    zero_halo(p.output, context.arena);
    const int64_t planes = p.output.shape[kN] * p.output.shape[kD] * vectors_, height = p.output.shape[kH];
    const int64_t wanted = context.parallel.max_threads() > 1 ? kTasksPerThread * context.parallel.max_threads() : 1;
    const int64_t pairs = (height + kTaskRows - 1) / kTaskRows, cuts = std::min(pairs, (wanted + planes - 1) / planes);
    context.parallel.run(planes * cuts, [&](int64_t task, int thread) {
      const int64_t plane = task / cuts, cut = task % cuts;
      const int64_t first = pairs * cut / cuts * kTaskRows, last = std::min(height, pairs * (cut + 1) / cuts * kTaskRows);
      run_plane(context.arena, plane / vectors_, plane % vectors_, first, last,
                context.scratch + static_cast<size_t>(thread) * context.scratch_stride);
    });
  }

  size_t scratch_size() const override { return static_cast<size_t>(geometry_.input.shape[kH] * columns_.count * lanes_); }
  std::string algorithm() const override { return "planes"; }
  double flops() const override { return geometry_.flops(); }

 private:
  // Output rows [first, last) of one vector of channels.
  void run_plane(float* arena, int64_t image, int64_t vector, int64_t first, int64_t last, float* plane) const {
    const ConvGeometry& p = geometry_;
    const int64_t n = image / p.output.shape[kD], z = image % p.output.shape[kD], channel = vector * lanes_;
    const int64_t channels = std::min<int64_t>(lanes_, p.out_channels() - channel);
    const int64_t top = std::max<int64_t>(0, first * p.stride[1] - p.pad_start[1]);
    const int64_t bottom = std::min(p.input.shape[kH], (last - 1) * p.stride[1] - p.pad_start[1] + p.kernel[1]);
    for (int64_t row = top; row < bottom; ++row) {
      float* to = plane + row * columns_.count * lanes_;
      std::fill_n(to, columns_.before * lanes_, 0.0f);
      to += columns_.before * lanes_;
      kernels_.affine_f32({arena + cell_offset(p.input, n, z, row, 0) + channel, p.input.strides[kW], nullptr, nullptr, nullptr, 0, to,
                           lanes_, columns_.width, channels, {}});
      std::fill_n(to + columns_.width * lanes_, (columns_.count - columns_.before - columns_.width) * lanes_, 0.0f);
    }
    const auto address = [&](const ViewSpec& view) { return arena + cell_offset(view, n, z, first, 0) + channel; };
    kernels_.depthwise_f32({plane, row_offsets_.data() + first * row_step_, row_step_, p.stride[2] * lanes_, lanes_, p.kernel[1],
                            p.kernel[2], p.pad_start[2], p.pad_start[2] + columns_.width, packed_->data() + channel * (1 + p.taps()),
                            address(p.output), p.output.strides[kH], p.output.strides[kW], p.has_residual ? address(p.residual) : nullptr,
                            p.residual.strides[kH], p.residual.strides[kW], last - first, p.output.shape[kW], channels, p.activation});
  }

  const KernelTable& kernels_;
  ConvGeometry geometry_;
  WeightStore::Packed packed_;
  int64_t lanes_;
  int64_t vectors_;  // of channels
  PlaneColumns columns_;
  int64_t row_step_;
  std::vector<ptrdiff_t> row_offsets_;
};

// The taps outside of the padding, somewhat more along the rows, where a tile skips for all of its pixels; and the copy.
double cost(const ConvProblem& p, const KernelTable&) {
  constexpr double kCopyCost = 40;  // operations for each element
  const auto taps = [&](int axis) {
    return valid_taps(p.output.shape[1 + axis], p.kernel[axis], p.stride[axis], p.pad_start[axis], p.input.shape[1 + axis]);
  };
  const auto& i = p.input.shape;
  const double images = static_cast<double>(i[kN] * i[kD] * i[kC]);
  const double along_rows = 0.5 * (taps(2) + static_cast<double>(p.output.shape[kW] * p.kernel[2]));
  return images * (2 * taps(1) * along_rows / 0.7 + kCopyCost * static_cast<double>(i[kH] * i[kW]));
}

Status make(const ConvProblem& problem, const BuildContext& context, std::unique_ptr<Step>& step) {
  WeightStore::Packed packed;
  if (Status status = pack_depthwise(problem, context, packed); !status.ok()) return status;
  step = std::make_unique<DepthwisePlanes>(problem, context, std::move(packed));
  return Status::Ok();
}

}  // namespace

const ConvAlgorithm kConvDepthwisePlanes = {"planes", is_flat_depthwise, cost, make};

}  // namespace im2col
