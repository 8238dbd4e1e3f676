// y[p][c] = (x[p][c] - m) / sqrt(v + eps) * weight[c] + bias[c] with m the mean of the channels of pixel p and v the mean of
// their squared distances from m, taken in a second pass, so that nothing cancels. Layouts: see LayerNormRow; any
// alignment; output may be input itself.
#pragma once

IM2COL_INLINE void layer_norm_pixel(const LayerNormRow& row, const float* x, float* y) {
  const int64_t whole = row.channels - row.channels % kLanes;
  const int rest = static_cast<int>(row.channels - whole);
  const float count = static_cast<float>(row.channels);

  V sums = LoadN(x + whole, rest);
  for (int64_t c = 0; c < whole; c += kLanes) sums = Add(sums, LoadU(x + c));
  const V mean = Set(ReduceSum(sums) / count);

  const V last = IfThenElse(FirstN(rest), Sub(LoadN(x + whole, rest), mean), Zero());
  V squares = Mul(last, last);
  for (int64_t c = 0; c < whole; c += kLanes) {
    const V distance = Sub(LoadU(x + c), mean);
    squares = MulAdd(distance, distance, squares);
  }
  const V scale = Div(Set(1.0f), Sqrt(Set(ReduceSum(squares) / count + row.eps)));

  for (int64_t c = 0; c < whole; c += kLanes) {
    const V normal = Mul(Sub(LoadU(x + c), mean), scale);
    StoreU(MulAdd(normal, LoadU(row.weight + c), LoadU(row.bias + c)), y + c);
  }
  StoreN(MulAdd(Mul(last, scale), LoadN(row.weight + whole, rest), LoadN(row.bias + whole, rest)), y + whole, rest);
}

void layer_norm_f32(const LayerNormRow& row) {
  for (int64_t p = 0; p < row.pixels; ++p) {
    layer_norm_pixel(row, row.input + p * row.input_stride, row.output + p * row.output_stride);
  }
}
