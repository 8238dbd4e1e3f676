// output[c][i] = weights[c][i] * scale[c] for a panel of packed weights, as the GEMM reads it. Layouts: see ScaledPanel. No tile: the
// kernel is bound by the cache that holds the panel.
//
// Scales and products below the smallest normal number count as zero. A saturated sigmoid makes such scales, and many
// processors take a hundred cycles for every multiply-add that meets one. In the convolution an input x changes the sum by
// no more than |x| 2^-126 for it.
#pragma once

IM2COL_INLINE V zero_if_denormal(V x) { return IfThenElse(Lt(Abs(x), Set(0x1p-126f)), Zero(), x); }

void scale_panel_f32(const ScaledPanel& panel) {
  const float* weights = panel.weights;
  float* output = panel.output;
  for (int64_t c = 0; c < panel.channels; ++c) {
    const V scale = zero_if_denormal(Set(panel.scale[c]));
    for (int v = 0; v < panel.vectors; ++v, weights += kLanes, output += kLanes) {
      Store(zero_if_denormal(Mul(Load(weights), scale)), output);
    }
  }
}
