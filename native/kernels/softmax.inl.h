// softmax:     y[p][c] = exp(x[p][c] - m) / s, with m the largest x[p][c] and s the sum over c of exp(x[p][c] - m)
// log_softmax: y[p][c] = x[p][c] - m - log(s)
// A pixel with a NaN, with
// +infinity or with nothing but -infinity gives NaN in every channel, as in PyTorch. Layouts: see SoftmaxRow; any alignment;
// output may be input itself.
#pragma once

// n lanes of x, and -infinity, whose exponential is 0, in the others.
IM2COL_INLINE V softmax_load(const float* x, int n) { return IfThenElse(FirstN(n), LoadN(x, n), Set(-INFINITY)); }

IM2COL_INLINE void softmax_pixel(const float* x, float* y, int64_t channels) {
  const int64_t whole = channels - channels % kLanes;
  const int rest = static_cast<int>(channels - whole);

  V largest = softmax_load(x + whole, rest);
  for (int64_t c = 0; c < whole; c += kLanes) largest = Max(largest, LoadU(x + c));
  const V m = Set(ReduceMax(largest));

  V sums = Zero();
  for (int64_t c = 0; c < whole; c += kLanes) {
    const V e = Exp(Sub(LoadU(x + c), m));
    StoreU(e, y + c);
    sums = Add(sums, e);
  }
  const V e = Exp(Sub(softmax_load(x + whole, rest), m));
  StoreN(e, y + whole, rest);
  const V scale = Div(Set(1.0f), Set(ReduceSum(Add(sums, e))));

  for (int64_t c = 0; c < whole; c += kLanes) StoreU(Mul(LoadU(y + c), scale), y + c);
  StoreN(Mul(e, scale), y + whole, rest);
}

void softmax_f32(const SoftmaxRow& row) {
  for (int64_t p = 0; p < row.pixels; ++p) {
    softmax_pixel(row.input + p * row.input_stride, row.output + p * row.output_stride, row.channels);
  }
}

IM2COL_INLINE void log_softmax_pixel(const float* x, float* y, int64_t channels) {
  const int64_t whole = channels - channels % kLanes;
  const int rest = static_cast<int>(channels - whole);

  V largest = softmax_load(x + whole, rest);
  for (int64_t c = 0; c < whole; c += kLanes) largest = Max(largest, LoadU(x + c));
  const V m = Set(ReduceMax(largest));

  V sums = Exp(Sub(softmax_load(x + whole, rest), m));
  for (int64_t c = 0; c < whole; c += kLanes) sums = Add(sums, Exp(Sub(LoadU(x + c), m)));
  const V logarithm = Log(Set(ReduceSum(sums)));

  for (int64_t c = 0; c < whole; c += kLanes) StoreU(Sub(Sub(LoadU(x + c), m), logarithm), y + c);
  StoreN(Sub(Sub(LoadN(x + whole, rest), m), logarithm), y + whole, rest);
}

void log_softmax_f32(const SoftmaxRow& row) {
  for (int64_t p = 0; p < row.pixels; ++p) {
    log_softmax_pixel(row.input + p * row.input_stride, row.output + p * row.output_stride, row.channels);
  }
}
