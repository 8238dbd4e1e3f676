// y[p][c] = x[p][c] where x[p][c] > 0, else slope[c] * x[p][c]. Layouts: see PreluRow; any alignment; output may be input
// itself. No tile: the kernel is bound by memory.
#pragma once

IM2COL_INLINE V prelu(V x, V slope) { return IfThenElse(Gt(x, Zero()), x, Mul(slope, x)); }

void prelu_f32(const PreluRow& row) {
  for (int64_t p = 0; p < row.pixels; ++p) {
    const float* x = row.input + p * row.input_stride;
    float* y = row.output + p * row.output_stride;
    int64_t c = 0;
    for (; c + kLanes <= row.channels; c += kLanes) StoreU(prelu(LoadU(x + c), LoadU(row.slope + c)), y + c);
    if (c < row.channels) {
      const int n = static_cast<int>(row.channels - c);
      StoreN(prelu(LoadN(x + c, n), LoadN(row.slope + c, n)), y + c, n);
    }
  }
}
