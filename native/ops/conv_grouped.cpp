// Grouped convolution with few channels in a group: the lanes of a vector belong to several groups, so no lane idles as in
// a GEMM for every group. See kernels/grouped.inl.h for the arithmetic.
#include <algorithm>
#include <new>
#include <vector>

#include "conv_weights.h"
#include "pixel_grid.h"
#include "view.h"

namespace im2col {

namespace {

// The inputs of a block of pixels, which every vector of channels reads a part of, take this part of a typical
// second-level cache.
constexpr int64_t kBlockBytes = 256 * 1024;
// Enough tasks for threads that finish unevenly.
constexpr int64_t kTasksPerThread = 4;

int block_pixels(const ConvProblem& p) {
  const int64_t pixel_bytes = p.stride[1] * p.stride[2] * p.in_channels() * static_cast<int64_t>(sizeof(float));
  return static_cast<int>(std::max<int64_t>(1, kBlockBytes / pixel_bytes));
}

class GroupedConv final : public Step {
 public:
  GroupedConv(const ConvProblem& p, const BuildContext& context, PackedGrouped packed)
      : kernels_(context.kernels),
        geometry_(p),
        packed_(std::move(packed)),
        blocks_(p.output, block_pixels(p)),
        input_offsets_(blocks_.offsets({p.input.strides[0], p.stride[0] * p.input.strides[1], p.stride[1] * p.input.strides[2],
                                        p.stride[2] * p.input.strides[3]})),
        output_offsets_(blocks_.offsets(p.output.strides)),
        origin_(p.input.offset) {
    if (p.has_residual) residual_offsets_ = blocks_.offsets(p.residual.strides);
    for (int axis = 0; axis < 3; ++axis) origin_ -= p.pad_start[axis] * p.input.strides[1 + axis];
    for (int64_t z = 0; z < p.kernel[0]; ++z) {
      for (int64_t y = 0; y < p.kernel[1]; ++y) {
        for (int64_t x = 0; x < p.kernel[2]; ++x) {
          tap_offsets_.push_back(z * p.dilation[0] * p.input.strides[1] + y * p.dilation[1] * p.input.strides[2] +
                                 x * p.dilation[2] * p.input.strides[3]);
        }
      }
    }
  }

  // A task is a block of pixels against a range of channel vectors, whose weights stay in the first-level cache.
  void run(const RunContext& context) const override {
    zero_halo(geometry_.output, context.arena);
    const int64_t blocks = blocks_.tiles(), vectors = packed_.vectors();
    const int64_t threads = context.parallel.max_threads();
    const int64_t wanted = threads > 1 ? kTasksPerThread * threads : 1;
    const int64_t splits = std::min(vectors, (wanted + blocks - 1) / blocks);
    context.parallel.run(blocks * splits, [&](int64_t task, int) {
      const int64_t block = task / splits, split = task % splits;
      for (int64_t v = vectors * split / splits; v < vectors * (split + 1) / splits; ++v) run_vector(context.arena, block, v);
    });
  }

  std::string algorithm() const override { return "grouped"; }
  double flops() const override { return geometry_.flops(); }

 private:
  void run_vector(float* arena, int64_t block, int64_t vector) const {
    const ConvGeometry& p = geometry_;
    const int64_t channel = vector * kernels_.lanes, pixel = blocks_.first_pixel(block);
    const int64_t group_start = channel / p.group_in() * p.group_in();
    kernels_.grouped_f32({arena + origin_ + group_start, input_offsets_.data() + pixel, tap_offsets_.data(), p.taps(), p.group_in(),
                          packed_.weights(vector), packed_.bias(vector), arena + p.output.offset + channel,
                          output_offsets_.data() + pixel, p.has_residual ? arena + p.residual.offset + channel : nullptr,
                          p.has_residual ? residual_offsets_.data() + pixel : nullptr, blocks_.tile_pixels(block),
                          static_cast<int>(std::min<int64_t>(kernels_.lanes, p.out_channels() - channel)), p.activation});
  }

  const KernelTable& kernels_;
  ConvGeometry geometry_;
  PackedGrouped packed_;
  PixelGrid blocks_;
  std::vector<ptrdiff_t> input_offsets_;
  std::vector<ptrdiff_t> output_offsets_;
  std::vector<ptrdiff_t> residual_offsets_;
  std::vector<ptrdiff_t> tap_offsets_;
  int64_t origin_;  // of the first tap of output pixel (0, 0, 0, 0)
};

bool applies(const ConvProblem& p) {
  const int64_t channels = p.group_in();
  return p.groups > 1 && channels == p.group_out() && (channels == 2 || channels == 4 || channels == 8 || channels == 16) &&
         p.halo_covers_padding();
}

// The multiply-adds of all taps, and then the swaps and additions of the diagonals' sums.
double cost(const ConvProblem& p, const KernelTable&) {
  constexpr double kDiagonalCost = 1.5;  // in multiply-adds
  return p.flops() * (1 / 0.95 + kDiagonalCost / static_cast<double>(p.taps()));
}

Status make(const ConvProblem& problem, const BuildContext& context, std::unique_ptr<Step>& step) {
  PackedGrouped packed;
  if (Status status = pack_grouped(problem, context, packed); !status.ok()) return status;
  step = std::make_unique<GroupedConv>(problem, context, std::move(packed));
  return Status::Ok();
}

}  // namespace

const ConvAlgorithm kConvGrouped = {"grouped", applies, cost, make};

}  // namespace im2col
