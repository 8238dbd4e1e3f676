// The factories of all ops, one for each row of the table in registry.cpp.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "step.h"

namespace im2col {

Status make_activation_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_adaptive_avg_pool_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_adaptive_max_pool_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_add_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_affine_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_avg_pool_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_binary_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_blur_pool_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_channel_shuffle_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_constant_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_conv_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_conv_transpose_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_copy_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_correlation_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_deform_conv_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_expand_depthwise_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_flatten_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_gather_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_grid_sample_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_group_norm_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_gru_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_input_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_inverted_residual_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_involution_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_layer_norm_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_local_response_norm_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_locally_connected_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_log_softmax_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_lstm_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_matmul_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_lp_pool_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_max_pool_indices_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_max_pool_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_max_unpool_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_mixed_pool_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_norm_conv_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_output_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_prelu_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_rearrange_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_reduce_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_resample_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_roi_align_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_roi_pool_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_scaled_conv_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_softmax_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);
Status make_stochastic_pool_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);

// Of ops that have several algorithms: those that can run a step, the engine's own choice first.
Status conv_algorithms(const StepSpec& spec, const BuildContext& context, std::vector<std::string>& names);

}  // namespace im2col
