#include "factories.h"

namespace im2col {
namespace {

struct Entry {
  const char* op;
  StepFactory factory;
  Status (*algorithms)(const StepSpec& spec, const BuildContext& context, std::vector<std::string>& names) = nullptr;
};

constexpr Entry kEntries[] = {
    {"activation", make_activation_step},
    {"adaptiveAvgPool", make_adaptive_avg_pool_step},
    {"adaptiveMaxPool", make_adaptive_max_pool_step},
    {"add", make_add_step},
    {"affine", make_affine_step},
    {"avgPool", make_avg_pool_step},
    {"binary", make_binary_step},
    {"blurPool", make_blur_pool_step},
    {"channelShuffle", make_channel_shuffle_step},
    {"constant", make_constant_step},
    {"conv", make_conv_step, conv_algorithms},
    {"convTranspose", make_conv_transpose_step},
    {"copy", make_copy_step},
    {"correlation", make_correlation_step},
    {"deformConv", make_deform_conv_step},
    {"expandDepthwise", make_expand_depthwise_step},
    {"flatten", make_flatten_step},
    {"gather", make_gather_step},
    {"gridSample", make_grid_sample_step},
    {"groupNorm", make_group_norm_step},
    {"gru", make_gru_step},
    {"input", make_input_step},
    {"invertedResidual", make_inverted_residual_step},
    {"involution", make_involution_step},
    {"layerNorm", make_layer_norm_step},
    {"locallyConnected", make_locally_connected_step},
    {"localResponseNorm", make_local_response_norm_step},
    {"logSoftmax", make_log_softmax_step},
    {"lstm", make_lstm_step},
    {"matmul", make_matmul_step},
    {"lpPool", make_lp_pool_step},
    {"maxPool", make_max_pool_step},
    {"maxPoolIndices", make_max_pool_indices_step},
    {"maxUnpool", make_max_unpool_step},
    {"mixedPool", make_mixed_pool_step},
    {"normConv", make_norm_conv_step},
    {"output", make_output_step},
    {"prelu", make_prelu_step},
    {"rearrange", make_rearrange_step},
    {"reduce", make_reduce_step},
    {"resample", make_resample_step},
    {"roiAlign", make_roi_align_step},
    {"roiPool", make_roi_pool_step},
    {"scaledConv", make_scaled_conv_step},
    {"softmax", make_softmax_step},
    {"stochasticPool", make_stochastic_pool_step},
};

const Entry* find(const std::string& op) {
  for (const Entry& entry : kEntries) {
    if (op == entry.op) return &entry;
  }
  return nullptr;
}

}  // namespace

StepFactory find_step_factory(const std::string& op) {
  const Entry* entry = find(op);
  return entry == nullptr ? nullptr : entry->factory;
}

Status step_algorithms(const StepSpec& spec, const BuildContext& context, std::vector<std::string>& names) {
  const Entry* entry = find(spec.op);
  return entry == nullptr || entry->algorithms == nullptr ? Status::Ok() : entry->algorithms(spec, context, names);
}

}  // namespace im2col
