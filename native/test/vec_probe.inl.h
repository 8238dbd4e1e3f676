// The functions of VecProbe for the ISA whose wrapper is included before.
#pragma once

IM2COL_INLINE VI load_ints(const int32_t* p) {
  float lanes[kLanes];
  memcpy(lanes, p, sizeof lanes);
  return BitCastToInt(LoadU(lanes));
}
IM2COL_INLINE void store_ints(VI v, int32_t* p) {
  float lanes[kLanes];
  StoreU(BitCastToFloat(v), lanes);
  memcpy(p, lanes, sizeof lanes);
}
IM2COL_INLINE void store_mask(M m, bool* p) {
  float lanes[kLanes];
  StoreU(IfThenElse(m, Set(1.0f), Set(0.0f)), lanes);
  for (int i = 0; i < kLanes; ++i) p[i] = lanes[i] == 1.0f;
}

#define UNARY(op) \
  void probe_##op(const float* a, float* y) { StoreU(op(LoadU(a)), y); }
#define BINARY(op) \
  void probe_##op(const float* a, const float* b, float* y) { StoreU(op(LoadU(a), LoadU(b)), y); }
#define TERNARY(op) \
  void probe_##op(const float* a, const float* b, const float* c, float* y) { StoreU(op(LoadU(a), LoadU(b), LoadU(c)), y); }
#define COMPARE(op) \
  void probe_##op(const float* a, const float* b, bool* y) { store_mask(op(LoadU(a), LoadU(b)), y); }
#define INTEGER(op) \
  void probe_##op##_int(const int32_t* a, const int32_t* b, int32_t* y) { store_ints(op(load_ints(a), load_ints(b)), y); }
#include "vec_ops.inc"
#undef UNARY
#undef BINARY
#undef TERNARY
#undef COMPARE
#undef INTEGER

void probe_is_nan(const float* a, bool* y) { store_mask(IsNaN(LoadU(a)), y); }
void probe_first_n(int n, bool* y) { store_mask(FirstN(n), y); }
void probe_and_or(const float* a, const float* b, const float* c, const float* d, bool* both, bool* either) {
  const M ab = Lt(LoadU(a), LoadU(b)), cd = Lt(LoadU(c), LoadU(d));
  store_mask(And(ab, cd), both);
  store_mask(Or(ab, cd), either);
}
void probe_zero(float* y) { StoreU(Zero(), y); }
void probe_set(float x, float* y) { StoreU(Set(x), y); }
void probe_set_int(int32_t x, int32_t* y) { store_ints(SetInt(x), y); }
void probe_load(const float* p, float* y) { StoreU(Load(p), y); }
void probe_load_n(const float* p, int n, float* y) { StoreU(LoadN(p, n), y); }
void probe_load_bytes(const uint8_t* p, int32_t* y) { store_ints(LoadBytes(p), y); }
void probe_store(const float* a, float* p) { Store(LoadU(a), p); }
void probe_store_n(const float* a, float* p, int n) { StoreN(LoadU(a), p, n); }
void probe_shift_left(const int32_t* a, int32_t* y) { store_ints(ShiftLeft<3>(load_ints(a)), y); }
void probe_shift_right(const int32_t* a, int32_t* y) { store_ints(ShiftRight<3>(load_ints(a)), y); }
void probe_convert(const int32_t* a, float* y) { StoreU(ConvertToFloat(load_ints(a)), y); }
float probe_reduce_sum(const float* a) { return ReduceSum(LoadU(a)); }
float probe_reduce_max(const float* a) { return ReduceMax(LoadU(a)); }
void probe_interleave(const float* a, const float* b, float* lower, float* upper) {
  StoreU(InterleaveWholeLower(LoadU(a), LoadU(b)), lower);
  StoreU(InterleaveWholeUpper(LoadU(a), LoadU(b)), upper);
}
void probe_table_lookup(const float* a, const int32_t* index, float* y) {
  StoreU(TableLookupLanes(LoadU(a), load_ints(index)), y);
}
void probe_swap_lanes(int k, const float* a, float* y) {
  const V v = LoadU(a);
  switch (k) {
    case 1: StoreU(SwapLanes<1>(v), y); break;
    case 2: StoreU(SwapLanes<2>(v), y); break;
    case 4:
      if constexpr (kLanes > 4) StoreU(SwapLanes<4>(v), y);
      break;
    case 8:
      if constexpr (kLanes > 8) StoreU(SwapLanes<8>(v), y);
      break;
  }
}

void probe_blend_lanes(int k, const float* a, const float* b, float* y) {
  const V v = LoadU(a), w = LoadU(b);
  switch (k) {
    case 1: StoreU(BlendLanes<1>(v, w), y); break;
    case 2: StoreU(BlendLanes<2>(v, w), y); break;
    case 4:
      if constexpr (kLanes > 4) StoreU(BlendLanes<4>(v, w), y);
      break;
    case 8:
      if constexpr (kLanes > 8) StoreU(BlendLanes<8>(v, w), y);
      break;
  }
}
void probe_transpose(const float* a, float* y) {
  V rows[kLanes];
  for (int i = 0; i < kLanes; ++i) rows[i] = LoadU(a + i * kLanes);
  Transpose(rows);
  for (int i = 0; i < kLanes; ++i) StoreU(rows[i], y + i * kLanes);
}
void probe_pin(const float* a, float* y) {
  Prefetch(a);
  V v = LoadU(a);
  IM2COL_PIN(v);
  StoreU(v, y);
}
void probe_activation(const float* a, const Activation& activation, float* y) {
  StoreU(LoadU(a), y);
  activate_rows({y, 0, nullptr, 1, kLanes}, activation);
}

constexpr test::VecProbe probe = {
    kLanes,
#define UNARY(op) probe_##op,
#define BINARY(op) probe_##op,
#define TERNARY(op) probe_##op,
#define COMPARE(op) probe_##op,
#define INTEGER(op) probe_##op##_int,
#include "vec_ops.inc"
#undef UNARY
#undef BINARY
#undef TERNARY
#undef COMPARE
#undef INTEGER
    probe_is_nan,
    probe_first_n,
    probe_and_or,
    probe_zero,
    probe_set,
    probe_set_int,
    probe_load,
    probe_load_n,
    probe_load_bytes,
    probe_store,
    probe_store_n,
    probe_shift_left,
    probe_shift_right,
    probe_convert,
    probe_reduce_sum,
    probe_reduce_max,
    probe_interleave,
    probe_table_lookup,
    probe_swap_lanes,
    probe_blend_lanes,
    probe_transpose,
    probe_pin,
    probe_activation,
};
