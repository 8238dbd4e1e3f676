#include "winograd_weights.h"

#include <algorithm>

#include "winograd_kernel.h"

namespace im2col {

namespace {

// The taps of one phase of a kernel; those beyond its end are zero.
void read_phase(const ConvProblem& p, const WinogradForm& form, const float* source, const WeightForm& use, int64_t phase_y, int64_t phase_x, double* kernel) {
  const int64_t height = p.kernel[1], width = p.kernel[2], last = height * width - 1;
  const int64_t rows = form.axes == 2 ? form.taps : height, columns = form.axes == 2 ? form.taps : width;
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) {
      const int64_t y = i * p.stride[1] + phase_y, x = j * p.stride[2] + phase_x;
      const int64_t tap = p.flip ? last - y * width - x : y * width + x;
      kernel[i * columns + j] = y < height && x < width ? use(source[tap]) : 0;
    }
  }
}

}  // namespace

Status pack_winograd(const ConvProblem& p, const WinogradForm& form, const BuildContext& context, PackedWinograd& packed) {
  const int lanes = context.kernels.lanes;
  const int64_t in = p.group_in(), out = p.group_out(), phases = p.stride[1] * p.stride[2];
  const WinogradKernelTransform transform(form);
  const int values = form.values();
  const Panels panels = gemm_panels(out, phases * in, context.kernels);
  packed.panels = panels;
  packed.groups = p.groups;
  packed.channels = phases * in;
  packed.values = values;

  const auto pack = [&](float* destination) {
    context.parallel.run(p.groups * panels.count(), [&](int64_t task, int) {
      const int64_t group = task / panels.count(), panel = task % panels.count(), position = packed.position(group, panel);
      const int64_t first = group * out + panels.first_channel(panel);
      const int count = panels.channels(panel), width = panels.vectors(panel) * lanes;
      float* block = destination + position * values * packed.channels;
      float* bias = destination + packed.weights_size() + position;
      for (int j = 0; j < width; ++j) bias[j] = p.bias && j < count ? p.bias->data()[first + j] : 0.0f;
      for (int64_t c = 0; c < packed.channels; ++c) {
        const int64_t phase = c / in;
        for (int j = 0; j < width; ++j) {
          double u[kMaxWinogradValues] = {};
          if (j < count) {
            const float* source = p.weight->data() + ((first + j) * in + c % in) * p.taps();
            double kernel[kMaxWinogradTaps * kMaxWinogradTaps];
            read_phase(p, form, source, p.weight_form(first + j), phase / p.stride[2], phase % p.stride[2], kernel);
            transform.apply(kernel, u);
          }
          for (int i = 0; i < values; ++i) block[(i * packed.channels + c) * width + j] = static_cast<float>(u[i]);
        }
      }
    });
  };
  const std::string kind = "winograd " + std::to_string(form.outputs) + " phases " + std::to_string(phases) + " " + panels.name() +
                           " groups " + std::to_string(p.groups) + (p.flip ? " flipped" : "");
  const int64_t size = packed.weights_size() + p.groups * panels.padded_channels();
  return context.weights.get(*p.weight, kind, static_cast<size_t>(size), pack, packed.data);
}

}  // namespace im2col
