// The step behind affine, add and activation: y = act(x * scale + shift + residual), element by element.
#pragma once

#include "../program/weight_store.h"
#include "step.h"
#include "view.h"

namespace im2col {

class ElementwiseStep final : public Step {
 public:
  // `residual` may be null, `scale` and `shift` (one element for each channel) may be empty.
  ElementwiseStep(const KernelTable& kernels, const ViewSpec& input, const ViewSpec* residual, const ViewSpec& output,
                  WeightStore::Packed scale, WeightStore::Packed shift, const Activation& activation);

  void run(const RunContext& context) const override;
  double flops() const override;

 private:
  void run_flat(const RunContext& context, const AffineRow& row) const;
  void run_rows(const RunContext& context, const AffineRow& row) const;

  const KernelTable& kernels_;
  ViewSpec input_;
  ViewSpec residual_;
  ViewSpec output_;
  bool has_residual_;
  bool flat_;  // all views are contiguous and no operand depends on the channel: the value is one long pixel
  WeightStore::Packed scale_;
  WeightStore::Packed shift_;
  Activation activation_;
};

}  // namespace im2col
