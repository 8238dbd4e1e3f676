// Deformable convolution, torchvision's deform_conv2d: every tap of every output pixel reads where its offset says, by bilinear
// interpolation, and counts as much as its mask says. The rows that a GEMM multiplies are gathered like those of im2col.
//
// Inputs: x; offsets [offset group][tap][dy, dx] along the channels; perhaps a mask [offset group][tap]. Offset groups are equal
// ranges of the input channels. What lies outside of the image is 0.
#include <algorithm>
#include <cmath>
#include <vector>

#include "conv_tiles.h"
#include "factories.h"
#include "op_support.h"

namespace im2col {
namespace {

constexpr int64_t kBlockBytes = 256 * 1024;  // of gathered rows: a part of the second-level cache

struct Deformation {
  ViewSpec offsets;
  ViewSpec mask;
  bool has_mask = false;
  int64_t groups = 1;
};

class DeformableConv final : public Step {
 public:
  DeformableConv(const ConvProblem& p, const Deformation& deformation, const BuildContext& context, PackedConv packed)
      : kernels_(context.kernels),
        geometry_(p),
        deformation_(deformation),
        tiles_(p, context.kernels, context.kernels.max_pixels[packed.panels.widest() - 1], std::move(packed)),
        row_(p.reduction() % 1024 == 0 ? p.reduction() + 16 : p.reduction()) {
    const int64_t tile_bytes = tiles_.grid().largest_tile() * row_ * static_cast<int64_t>(sizeof(float));
    block_ = std::clamp<int64_t>(kBlockBytes / tile_bytes, 1, tiles_.grid().tiles());
    for (int64_t i = 0; i < block_ * tiles_.grid().largest_tile(); ++i) row_offsets_.push_back(i * row_);
  }

  size_t scratch_size() const override { return row_offsets_.size() * static_cast<size_t>(row_); }

  void run(const RunContext& context) const override {
    zero_halo(geometry_.output, context.arena);
    const int64_t tiles = tiles_.grid().tiles(), blocks = (tiles + block_ - 1) / block_;
    context.parallel.run(geometry_.groups * blocks, [&](int64_t task, int thread) {
      const int64_t first = task % blocks * block_;
      run_block(context.arena, context.scratch + static_cast<size_t>(thread) * context.scratch_stride, task / blocks, first,
                std::min(first + block_, tiles));
    });
  }

  double flops() const override { return geometry_.flops(); }
  UpcomingWeights first_weights() const override { return tiles_.first_weights(); }

 private:
  void run_block(float* arena, float* rows, int64_t group, int64_t first_tile, int64_t last_tile) const {
    const PixelGrid& grid = tiles_.grid();
    const int64_t first_pixel = grid.first_pixel(first_tile), last_pixel = grid.first_pixel(last_tile);
    for (int64_t pixel = first_pixel; pixel < last_pixel; ++pixel) {
      gather(arena, group, grid.cursor(pixel), rows + (pixel - first_pixel) * row_);
    }
    for (int64_t panel = 0; panel < tiles_.panels().count(); ++panel) {
      GemmTile gemm = tiles_.against(ConvTiles::one_run(rows, geometry_.reduction()), group, panel, arena);
      for (int64_t tile = first_tile; tile < last_tile; ++tile) {
        tiles_.run(gemm, tile, row_offsets_.data() + (grid.first_pixel(tile) - first_pixel));
      }
    }
  }

  // One row: the taps of an output pixel, the channels of a group each.
  void gather(const float* arena, int64_t group, const PixelGrid::Cursor& at, float* row) const {
    const ConvGeometry& p = geometry_;
    const auto [n, d, h, w] = at;
    const float* offsets = arena + cell_offset(deformation_.offsets, n, d, h, w);
    const float* masks = deformation_.has_mask ? arena + cell_offset(deformation_.mask, n, d, h, w) : nullptr;
    const int64_t range = p.in_channels() / deformation_.groups;  // channels of an offset group
    const int64_t begin = group * p.group_in(), end = begin + p.group_in();
    for (int64_t tap = 0; tap < p.taps(); ++tap, row += p.group_in()) {
      const double y = static_cast<double>(h * p.stride[1] - p.pad_start[1] + tap / p.kernel[2] * p.dilation[1]);
      const double x = static_cast<double>(w * p.stride[2] - p.pad_start[2] + tap % p.kernel[2] * p.dilation[2]);
      for (int64_t channel = begin; channel < end;) {
        const int64_t offset_group = channel / range, part_end = std::min(end, (offset_group + 1) * range);
        const int64_t index = offset_group * p.taps() + tap;
        sample(arena, n, y + offsets[2 * index], x + offsets[2 * index + 1], masks ? masks[index] : 1.0f, channel, part_end - channel,
               row + (channel - begin));
        channel = part_end;
      }
    }
  }

  // The mask times the image at (y, x), `channels` of it.
  void sample(const float* arena, int64_t n, double y, double x, float mask, int64_t channel, int64_t channels, float* output) const {
    const ViewSpec& input = geometry_.input;
    const float* taps[4];
    float weights[4];
    int64_t count = 0;
    if (y > -1 && y < static_cast<double>(input.shape[kH]) && x > -1 && x < static_cast<double>(input.shape[kW])) {
      const double top = std::floor(y), left = std::floor(x);
      for (int i = 0; i < 4; ++i) {
        const int64_t row = static_cast<int64_t>(top) + i / 2, column = static_cast<int64_t>(left) + i % 2;
        if (row < 0 || row >= input.shape[kH] || column < 0 || column >= input.shape[kW]) continue;
        const double down = i / 2 ? y - top : 1 - (y - top), right = i % 2 ? x - left : 1 - (x - left);
        taps[count] = arena + cell_offset(input, n, 0, row, column) + channel;
        weights[count++] = static_cast<float>(down * right * mask);
      }
    }
    if (count == 0) {
      std::fill_n(output, channels, mask * 0.0f);
      return;
    }
    kernels_.weighted_sum_f32({taps, weights, count, output, channels});
  }

  const KernelTable& kernels_;
  ConvGeometry geometry_;
  Deformation deformation_;
  ConvTiles tiles_;
  int64_t row_;  // elements from one gathered row to the next
  std::vector<ptrdiff_t> row_offsets_;  // of the pixels of a block
  int64_t block_ = 1;  // tiles
};

// Checks that a view has `channels` for every output pixel.
void expect_pixels(SpecReader& reader, const char* name, const ViewSpec& view, const ViewSpec& output, int64_t channels) {
  auto expected = output.shape;
  expected[kC] = channels;
  reader.expect(view.shape == expected, std::string("expected ") + name + " with " + std::to_string(channels) + " channels for every output pixel but received " +
                                            describe_shape(view));
}

}  // namespace

Status make_deform_conv_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  SpecReader reader(spec, context);
  ConvProblem problem;
  Deformation deformation;
  problem.input = reader.input(0);
  problem.output = reader.output(0);
  deformation.offsets = reader.input(1);
  if (const ViewSpec* mask = reader.optional_input(2)) {
    deformation.mask = *mask;
    deformation.has_mask = true;
  }
  deformation.groups = reader.integer("offsetGroups", 1, INT32_MAX);
  read_convolution(reader, "", problem);
  if (!reader.status().ok()) return reader.status();
  reader.expect(problem.input.shape[kD] == 1 && problem.output.shape[kD] == 1 && problem.kernel[0] == 1, "expected an image without depth");
  reader.expect(problem.in_channels() % deformation.groups == 0, "offset groups must divide the input's channels");
  const int64_t taps = deformation.groups * problem.taps();
  expect_pixels(reader, "offsets", deformation.offsets, problem.output, 2 * taps);
  if (deformation.has_mask) expect_pixels(reader, "a mask", deformation.mask, problem.output, taps);
  if (!reader.status().ok()) return reader.status();

  PackedConv packed;
  if (Status status = pack_conv(problem, context, packed); !status.ok()) return status;
  step = std::make_unique<DeformableConv>(problem, deformation, context, std::move(packed));
  return Status::Ok();
}

}  // namespace im2col
