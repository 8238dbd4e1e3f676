// The factories of all ops, one for each row of the table in registry.cpp.
#pragma once

#include <memory>

#include "step.h"

namespace im2col {

Status make_activation_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_adaptive_avg_pool_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_adaptive_max_pool_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_add_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_affine_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_avg_pool_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_channel_shuffle_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_constant_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_conv_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_copy_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_flatten_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_input_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_layer_norm_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_local_response_norm_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_log_softmax_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_max_pool_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_multiply_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_output_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_prelu_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_softmax_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);

}  // namespace im2col
