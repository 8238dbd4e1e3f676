// y[p][c] = act(a[p][c] o b[p][c] + residual[p][c]) with one of the operators of BinaryOperator, where b may have one number for all
// channels of a pixel; the first result is rounded before the sum. residual may be null. Layouts: see BinaryRow; any
// alignment; output must not overlap an input. No tile: the kernel is bound by memory.
#pragma once

template <BinaryOperator kOperator>
IM2COL_INLINE V apply_binary(V a, V b) {
  using Operator = BinaryOperator;
  if constexpr (kOperator == Operator::kAdd) return Add(a, b);
  if constexpr (kOperator == Operator::kSubtract) return Sub(a, b);
  if constexpr (kOperator == Operator::kSubtractFrom) return Sub(b, a);
  if constexpr (kOperator == Operator::kMultiply) return Mul(a, b);
  if constexpr (kOperator == Operator::kDivide) return Div(a, b);
  if constexpr (kOperator == Operator::kDivideInto) return Div(b, a);
  if constexpr (kOperator == Operator::kMaximum) return MaxNaN(a, b);
  if constexpr (kOperator == Operator::kMinimum) return Neg(MaxNaN(Neg(a), Neg(b)));
  if constexpr (kOperator == Operator::kPower) return Pow(a, b);
  if constexpr (kOperator == Operator::kPowerOf) return Pow(b, a);
}

template <BinaryOperator kOperator, bool kScalar, bool kPartial>
IM2COL_INLINE void binary_vector(const BinaryRow& row, const Clamp& clamp, int64_t p, int64_t c, int n) {
  const float* a = row.a + p * row.a_stride + c;
  const float* b = row.b + p * row.b_stride + (kScalar ? 0 : c);
  V y = kPartial ? LoadN(a, n) : LoadU(a);
  y = apply_binary<kOperator>(y, kScalar ? Set(*b) : kPartial ? LoadN(b, n) : LoadU(b));
  if (row.residual) {
    const float* residual = row.residual + p * row.residual_stride + c;
    y = Add(y, kPartial ? LoadN(residual, n) : LoadU(residual));
  }
  y = apply_clamp(clamp, y);
  float* output = row.output + p * row.output_stride + c;
  if (kPartial) {
    StoreN(y, output, n);
  } else {
    StoreU(y, output);
  }
}

template <BinaryOperator kOperator, bool kScalar>
void binary_block(const BinaryRow& row, const Clamp& clamp, int64_t first, int64_t pixels, int64_t channel, int64_t channels) {
  const int64_t end = channel + channels;
  for (int64_t p = first; p < first + pixels; ++p) {
    int64_t c = channel;
    for (; c + kLanes <= end; c += kLanes) binary_vector<kOperator, kScalar, false>(row, clamp, p, c, kLanes);
    if (c < end) binary_vector<kOperator, kScalar, true>(row, clamp, p, c, static_cast<int>(end - c));
  }
}

template <BinaryOperator kOperator>
void binary_rows(const BinaryRow& row) {
  if (row.b_is_scalar) {
    compute_and_activate<BinaryRow, binary_block<kOperator, true>>(row);
  } else {
    compute_and_activate<BinaryRow, binary_block<kOperator, false>>(row);
  }
}

void binary_f32(const BinaryRow& row) {
  using Operator = BinaryOperator;
  switch (row.op) {
    case Operator::kAdd: return binary_rows<Operator::kAdd>(row);
    case Operator::kSubtract: return binary_rows<Operator::kSubtract>(row);
    case Operator::kSubtractFrom: return binary_rows<Operator::kSubtractFrom>(row);
    case Operator::kMultiply: return binary_rows<Operator::kMultiply>(row);
    case Operator::kDivide: return binary_rows<Operator::kDivide>(row);
    case Operator::kDivideInto: return binary_rows<Operator::kDivideInto>(row);
    case Operator::kMaximum: return binary_rows<Operator::kMaximum>(row);
    case Operator::kMinimum: return binary_rows<Operator::kMinimum>(row);
    case Operator::kPower: return binary_rows<Operator::kPower>(row);
    case Operator::kPowerOf: return binary_rows<Operator::kPowerOf>(row);
  }
}
