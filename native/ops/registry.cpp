#include "factories.h"

namespace im2col {
namespace {

struct Entry {
  const char* op;
  StepFactory factory;
};

constexpr Entry kEntries[] = {
    {"activation", make_activation_step},
    {"adaptiveAvgPool", make_adaptive_avg_pool_step},
    {"adaptiveMaxPool", make_adaptive_max_pool_step},
    {"add", make_add_step},
    {"affine", make_affine_step},
    {"avgPool", make_avg_pool_step},
    {"channelShuffle", make_channel_shuffle_step},
    {"constant", make_constant_step},
    {"conv", make_conv_step},
    {"copy", make_copy_step},
    {"flatten", make_flatten_step},
    {"input", make_input_step},
    {"layerNorm", make_layer_norm_step},
    {"localResponseNorm", make_local_response_norm_step},
    {"logSoftmax", make_log_softmax_step},
    {"maxPool", make_max_pool_step},
    {"multiply", make_multiply_step},
    {"output", make_output_step},
    {"prelu", make_prelu_step},
    {"softmax", make_softmax_step},
};

}  // namespace

StepFactory find_step_factory(const std::string& op) {
  for (const Entry& entry : kEntries) {
    if (op == entry.op) return entry.factory;
  }
  return nullptr;
}

}  // namespace im2col
