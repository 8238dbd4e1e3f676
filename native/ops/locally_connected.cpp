// A locally connected layer: a convolution that has weights of its own for every output pixel. All images of the batch meet the
// weights of a pixel at once, which arrive from memory only once.
#include <algorithm>
#include <vector>

#include "conv_weights.h"
#include "factories.h"
#include "op_support.h"
#include "partition.h"

namespace im2col {
namespace {

// Weights [pixel][panel][k][panel width], k running over taps and then channels, then the biases of every pixel.
struct PackedPixels {
  Panels panels;
  int64_t reduction = 0;
  WeightStore::Packed data;
  int64_t pixels = 0;

  const float* weights(int64_t pixel, int64_t panel) const {
    return data->data() + (pixel * panels.padded_channels() + panels.first_channel(panel)) * reduction;
  }
  const float* bias(int64_t pixel, int64_t panel) const {
    return data->data() + (pixels * reduction + pixel) * panels.padded_channels() + panels.first_channel(panel);
  }
};

class LocallyConnected final : public Step {
 public:
  LocallyConnected(const ConvGeometry& geometry, const KernelTable& kernels, PackedPixels packed)
      : kernels_(kernels), geometry_(geometry), packed_(std::move(packed)) {
    for (int64_t n = 0; n < geometry.output.shape[kN]; ++n) {
      row_offsets_.push_back(n * geometry.reduction());
      output_offsets_.push_back(n * geometry.output.strides[kN]);
    }
  }

  // The inputs of a pixel of every image.
  size_t scratch_size() const override { return static_cast<size_t>(geometry_.output.shape[kN] * geometry_.reduction()); }

  void run(const RunContext& context) const override {
    const ConvGeometry& p = geometry_;
    zero_halo(p.output, context.arena);
    const int64_t cost = packed_.panels.padded_channels() * p.reduction();
    for_ranges(context.parallel, packed_.pixels, cost, [&](int64_t begin, int64_t end, int thread) {
      float* rows = context.scratch + static_cast<size_t>(thread) * context.scratch_stride;
      for (int64_t pixel = begin; pixel < end; ++pixel) run_pixel(context.arena, pixel, rows);
    });
  }

  double flops() const override { return geometry_.flops(); }

 private:
  void run_pixel(float* arena, int64_t pixel, float* rows) const {
    const ConvGeometry& p = geometry_;
    const int64_t h = pixel / p.output.shape[kW], w = pixel % p.output.shape[kW], images = p.output.shape[kN];
    for (int64_t n = 0; n < images; ++n) gather(arena, n, h, w, rows + n * p.reduction());
    const ptrdiff_t run = 0;
    for (int64_t panel = 0; panel < packed_.panels.count(); ++panel) {
      const int vectors = packed_.panels.vectors(panel), largest = kernels_.max_pixels[vectors - 1];
      float* output = arena + cell_offset(p.output, 0, 0, h, w) + packed_.panels.first_channel(panel);
      for (int64_t n = 0; n < images; n += largest) {
        kernels_.gemm_f32({rows, row_offsets_.data() + n, &run, 1, p.reduction(), packed_.weights(pixel, panel), packed_.bias(pixel, panel),
                           output, output_offsets_.data() + n, nullptr, nullptr, static_cast<int>(std::min<int64_t>(largest, images - n)),
                           vectors, packed_.panels.channels(panel), {}, rows, 0});
      }
    }
  }

  void gather(const float* arena, int64_t n, int64_t h, int64_t w, float* row) const {
    const ConvGeometry& p = geometry_;
    for (int64_t ky = 0; ky < p.kernel[1]; ++ky) {
      const int64_t y = h * p.stride[1] - p.pad_start[1] + ky * p.dilation[1];
      for (int64_t kx = 0; kx < p.kernel[2]; ++kx, row += p.in_channels()) {
        const int64_t x = w * p.stride[2] - p.pad_start[2] + kx * p.dilation[2];
        if (y >= 0 && y < p.input.shape[kH] && x >= 0 && x < p.input.shape[kW]) {
          std::copy_n(arena + cell_offset(p.input, n, 0, y, x), p.in_channels(), row);
        } else {
          std::fill_n(row, p.in_channels(), 0.0f);
        }
      }
    }
  }

  const KernelTable& kernels_;
  ConvGeometry geometry_;
  PackedPixels packed_;
  std::vector<ptrdiff_t> row_offsets_;
  std::vector<ptrdiff_t> output_offsets_;
};

Status pack_pixels(const ConvProblem& p, const BuildContext& context, PackedPixels& packed) {
  const KernelTable& kernels = context.kernels;
  int vectors = static_cast<int>(std::min<int64_t>((p.out_channels() + kernels.lanes - 1) / kernels.lanes, kMaxPanelVectors));
  while (kernels.max_pixels[vectors - 1] == 0) --vectors;
  packed.panels = Panels(p.out_channels(), vectors, kernels.lanes);
  packed.reduction = p.reduction();
  packed.pixels = p.output.shape[kH] * p.output.shape[kW];
  const int64_t taps = p.taps(), channels = p.in_channels(), out = p.out_channels(), padded = packed.panels.padded_channels();
  const auto pack = [&](float* destination) {
    context.parallel.run(packed.pixels, [&](int64_t pixel, int) {
      for (int64_t panel = 0; panel < packed.panels.count(); ++panel) {
        const int width = packed.panels.vectors(panel) * packed.panels.lanes(), count = packed.panels.channels(panel);
        const int64_t first = packed.panels.first_channel(panel);
        float* to = destination + (pixel * padded + first) * packed.reduction;
        for (int64_t k = 0; k < packed.reduction; ++k) {
          const int64_t from = k % channels * taps + k / channels;  // (tap, channel) in (channel, tap)
          for (int j = 0; j < width; ++j) *to++ = j < count ? p.weight->data()[(pixel * out + first + j) * packed.reduction + from] : 0.0f;
        }
      }
      float* bias = destination + (packed.pixels * packed.reduction + pixel) * padded;
      for (int64_t j = 0; j < padded; ++j) bias[j] = p.bias && j < out ? p.bias->data()[pixel * out + j] : 0.0f;
    });
  };
  const std::string kind = "pixels of " + std::to_string(vectors) + " x " + std::to_string(kernels.lanes) + " taps " + std::to_string(taps);
  return context.weights.get(*p.weight, kind, static_cast<size_t>(packed.pixels * padded * (packed.reduction + 1)), pack, packed.data);
}

}  // namespace

Status make_locally_connected_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  constexpr int64_t kLargest = INT32_MAX;
  SpecReader reader(spec, context);
  ConvProblem p;
  p.input = reader.input(0);
  p.output = reader.output(0);
  p.kernel = reader.triple("kernel", 1, kLargest);
  p.stride = reader.triple("stride", 1, kLargest);
  p.dilation = reader.triple("dilation", 1, kLargest);
  p.pad_start = reader.triple("padStart", 0, kLargest);
  reader.expect(p.input.shape[kN] == p.output.shape[kN], "input and output must have the same batch");
  reader.expect(p.input.shape[kD] == 1 && p.output.shape[kD] == 1 && p.kernel[0] == 1, "expected an image without depth");
  if (!reader.status().ok()) return reader.status();
  const size_t outputs = static_cast<size_t>(p.output.shape[kH] * p.output.shape[kW] * p.out_channels());
  p.weight = &reader.parameter("weight", outputs * static_cast<size_t>(p.reduction()));
  p.bias = reader.optional_parameter("bias", outputs);
  if (!reader.status().ok()) return reader.status();

  PackedPixels packed;
  if (Status status = pack_pixels(p, context, packed); !status.ok()) return status;
  step = std::make_unique<LocallyConnected>(p, context.kernels, std::move(packed));
  return Status::Ok();
}

}  // namespace im2col
