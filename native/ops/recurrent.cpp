// A recurrent layer in one direction: the gates of the inputs are there already (a convolution of 1 x 1 computes them for all
// steps at once); each step adds those of the hidden state before it and applies the cell. Steps are the pixels of axis w, from
// the last to the first when reversed. The output has the hidden state of each step and, for an LSTM, the cell state behind it.
// States before the first step are inputs, or zero.
#include <algorithm>
#include <vector>

#include "conv_weights.h"
#include "factories.h"
#include "op_support.h"
#include "partition.h"

namespace im2col {
namespace {

struct Cell {
  void (*kernel)(const RecurrentCell&);
  int64_t gates;
  int64_t states;  // that the output has: hidden and, perhaps, cell
};

class Recurrent final : public Step {
 public:
  Recurrent(const KernelTable& kernels, const Cell& cell, const ViewSpec& gates, const ViewSpec* hidden, const ViewSpec* state,
            const ViewSpec& output, bool reverse, const Panels& panels, WeightStore::Packed weights)
      : kernels_(kernels),
        cell_(cell),
        gates_(gates),
        hidden_(hidden ? *hidden : output),
        state_(state ? *state : output),
        output_(output),
        has_hidden_(hidden != nullptr),
        has_state_(state != nullptr),
        reverse_(reverse),
        size_(output.shape[kC] / cell.states),
        panels_(panels),
        weights_(std::move(weights)) {
    for (int64_t n = 0; n < output.shape[kN]; ++n) {
      hidden_offsets_.push_back(n * output.strides[kN]);
      first_offsets_.push_back(has_hidden_ ? n * hidden_.strides[kN] : 0);
      gate_offsets_.push_back(n * gate_count());
    }
  }

  void run(const RunContext& context) const override {
    zero_halo(output_, context.arena);
    float* gates = context.scratch;
    float* zeros = gates + output_.shape[kN] * gate_count();
    std::fill_n(zeros, size_, 0.0f);
    const int64_t steps = output_.shape[kW];
    for (int64_t i = 0; i < steps; ++i) {
      const int64_t t = reverse_ ? steps - 1 - i : i, before = reverse_ ? t + 1 : t - 1;
      add_hidden(context, i == 0 ? first_hidden(context.arena, zeros) : context.arena + cell_offset(output_, 0, 0, 0, before),
                 i == 0 ? first_offsets_ : hidden_offsets_, gates);
      for_ranges(context.parallel, output_.shape[kN], kCellCost * size_, [&](int64_t begin, int64_t end, int) {
        for (int64_t n = begin; n < end; ++n) apply_cell(context.arena, n, i == 0, t, before, gates, zeros);
      });
    }
  }

  // One area that the threads share: the gates of every image, then zeros.
  size_t scratch_size() const override { return static_cast<size_t>(output_.shape[kN] * gate_count() + size_); }

  double flops() const override {
    return 2.0 * static_cast<double>(output_.shape[kN] * output_.shape[kW] * gate_count()) * static_cast<double>(size_);
  }

 private:
  static constexpr int64_t kCellCost = 32;  // of a unit, in elements read

  int64_t gate_count() const { return cell_.gates * size_; }

  const float* first_hidden(const float* arena, const float* zeros) const {
    return has_hidden_ ? arena + hidden_.offset : zeros;
  }

  // gates[n][j] = bias[j] + sum over k of hidden[n][k] * weight[j][k]
  void add_hidden(const RunContext& context, const float* hidden, const std::vector<ptrdiff_t>& offsets, float* gates) const {
    constexpr ptrdiff_t kNoOffset = 0;
    const int64_t batch = output_.shape[kN];
    for_ranges(context.parallel, panels_.count(), size_ * panels_.widest() * panels_.lanes(), [&](int64_t begin, int64_t end, int) {
      for (int64_t panel = begin; panel < end; ++panel) {
        const int64_t first = panels_.first_channel(panel);
        GemmTile tile{};
        tile.input = hidden;
        tile.run_offsets = &kNoOffset;
        tile.run_count = 1;
        tile.run_length = size_;
        tile.weights = weights_->data() + first * size_;
        tile.bias = weights_->data() + panels_.padded_channels() * size_ + first;
        tile.output = gates + first;
        tile.panel_vectors = panels_.vectors(panel);
        tile.channels = panels_.channels(panel);
        tile.prefetch = tile.weights;
        for (int64_t n = 0; n < batch; n += tile.pixels) {
          tile.pixels = static_cast<int>(std::min<int64_t>(batch - n, kernels_.max_pixels[tile.panel_vectors - 1]));
          tile.input_offsets = offsets.data() + n;
          tile.output_offsets = gate_offsets_.data() + n;
          kernels_.gemm_f32(tile);
        }
      }
    });
  }

  void apply_cell(float* arena, int64_t n, bool first, int64_t t, int64_t before, const float* gates, const float* zeros) const {
    float* output = arena + cell_offset(output_, n, 0, 0, t);
    const float* previous = arena + cell_offset(output_, n, 0, 0, first ? t : before);
    RecurrentCell cell{};
    cell.x_gates = arena + cell_offset(gates_, n, 0, 0, t);
    cell.h_gates = gates + gate_offsets_[static_cast<size_t>(n)];
    cell.h_previous = !first ? previous : has_hidden_ ? arena + cell_offset(hidden_, n, 0, 0, 0) : zeros;
    cell.c_previous = !first ? previous + size_ : has_state_ ? arena + cell_offset(state_, n, 0, 0, 0) : zeros;
    cell.h = output;
    cell.c = output + size_;
    cell.size = size_;
    cell_.kernel(cell);
  }

  const KernelTable& kernels_;
  Cell cell_;
  ViewSpec gates_;
  ViewSpec hidden_;
  ViewSpec state_;
  ViewSpec output_;
  bool has_hidden_;
  bool has_state_;
  bool reverse_;
  int64_t size_;
  Panels panels_;
  WeightStore::Packed weights_;  // as panels, then the bias
  std::vector<ptrdiff_t> hidden_offsets_;
  std::vector<ptrdiff_t> first_offsets_;
  std::vector<ptrdiff_t> gate_offsets_;
};

// weight (gates, size) as panels [k][width], then the bias with zeros behind it.
void pack(const KernelTable& kernels, const Panels& panels, int64_t size, const ParameterSpec& weight, const ParameterSpec* bias,
          float* destination) {
  std::fill_n(destination, panels.padded_channels() * (size + 1), 0.0f);
  for (int64_t panel = 0; panel < panels.count(); ++panel) {
    const int64_t first = panels.first_channel(panel);
    kernels.transpose_f32({weight.data() + first * size, size, destination + first * size,
                           int64_t{panels.vectors(panel)} * panels.lanes(), panels.channels(panel), size});
  }
  if (bias) std::copy_n(bias->data(), bias->size, destination + panels.padded_channels() * size);
}

Status make_recurrent(const StepSpec& spec, const BuildContext& context, const Cell& cell, std::unique_ptr<Step>& step) {
  SpecReader reader(spec, context);
  const ViewSpec& gates = reader.input(0);
  const ViewSpec* hidden = reader.optional_input(1);
  const ViewSpec* state = cell.states > 1 ? reader.optional_input(2) : nullptr;
  const ViewSpec& output = reader.output(0);
  const bool reverse = reader.integer("reverse", 0, 1) == 1;
  const int64_t size = output.shape[kC] / cell.states, gate_count = size * cell.gates;
  const std::array<int64_t, 5> expected{output.shape[kN], 1, 1, output.shape[kW], gate_count};
  reader.expect(output.shape[kC] == size * cell.states && gates.shape == expected,
                "expected gates for " + describe_shape(output) + " but received " + describe_shape(gates));
  for (const ViewSpec* first : {hidden, state}) {
    const std::array<int64_t, 5> one{output.shape[kN], 1, 1, 1, size};
    reader.expect(first == nullptr || first->shape == one, "expected a first state of " + std::to_string(size) + " units");
  }
  const ParameterSpec& weight = reader.parameter("weight", static_cast<size_t>(gate_count * size));
  const ParameterSpec* bias = reader.optional_parameter("bias", static_cast<size_t>(gate_count));
  if (!reader.status().ok()) return reader.status();

  const KernelTable& kernels = context.kernels;
  int vectors = static_cast<int>(std::min<int64_t>((gate_count + kernels.lanes - 1) / kernels.lanes, kMaxPanelVectors));
  while (kernels.max_pixels[vectors - 1] == 0) --vectors;
  const Panels panels(gate_count, vectors, kernels.lanes);
  WeightStore::Packed packed;
  const auto write = [&](float* destination) { pack(kernels, panels, size, weight, bias, destination); };
  const auto packed_size = static_cast<size_t>(panels.padded_channels() * (size + 1));
  if (Status status = context.weights.get(weight, "recurrent", packed_size, write, packed); !status.ok()) return status;
  step = std::make_unique<Recurrent>(kernels, cell, gates, hidden, state, output, reverse, panels, std::move(packed));
  return Status::Ok();
}

}  // namespace

Status make_lstm_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  return make_recurrent(spec, context, {context.kernels.lstm_cell_f32, 4, 2}, step);
}

Status make_gru_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  return make_recurrent(spec, context, {context.kernels.gru_cell_f32, 3, 1}, step);
}

}  // namespace im2col
