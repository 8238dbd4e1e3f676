// NEON of AArch64: 4 lanes, 32 registers, FMA always there, masks are vectors of 32-bit lanes. Every op: see vec.h.

using V = float32x4_t;
using VI = int32x4_t;
using M = uint32x4_t;

#define IM2COL_FUSED

constexpr int kLanes = 4;
constexpr int kRegisters = 32;
constexpr int kMaxPixels[kMaxPanelVectors] = {14, 14, 9, 6};

#if defined(__GNUC__)
#define IM2COL_PIN(x) asm("" : "+w"(x))
#else
#define IM2COL_PIN(x) ((void)0)
#endif

IM2COL_INLINE V Zero() { return vdupq_n_f32(0.0f); }
IM2COL_INLINE V Set(float x) { return vdupq_n_f32(x); }

IM2COL_INLINE V Load(const float* p) { return vld1q_f32(p); }
IM2COL_INLINE V LoadU(const float* p) { return vld1q_f32(p); }
IM2COL_INLINE V LoadN(const float* p, int n) {
  if (n >= 4) return vld1q_f32(p);
  V v = Zero();
  if (n > 0) v = vld1q_lane_f32(p, v, 0);
  if (n > 1) v = vld1q_lane_f32(p + 1, v, 1);
  if (n > 2) v = vld1q_lane_f32(p + 2, v, 2);
  return v;
}
IM2COL_INLINE void Store(V v, float* p) { vst1q_f32(p, v); }
IM2COL_INLINE void StoreU(V v, float* p) { vst1q_f32(p, v); }
IM2COL_INLINE void StoreN(V v, float* p, int n) {
  if (n >= 4) {
    vst1q_f32(p, v);
    return;
  }
  if (n > 0) vst1q_lane_f32(p, v, 0);
  if (n > 1) vst1q_lane_f32(p + 1, v, 1);
  if (n > 2) vst1q_lane_f32(p + 2, v, 2);
}
#if defined(__GNUC__)
IM2COL_INLINE VI LoadBytes(const uint8_t* p) {
  uint32_t bytes;
  memcpy(&bytes, p, sizeof bytes);
  return vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(vmovl_u8(vcreate_u8(bytes)))));
}
IM2COL_INLINE void Prefetch(const float* p) { __builtin_prefetch(p); }
#else
IM2COL_INLINE void Prefetch(const float*) {}
#endif

IM2COL_INLINE V Add(V a, V b) { return vaddq_f32(a, b); }
IM2COL_INLINE V Sub(V a, V b) { return vsubq_f32(a, b); }
IM2COL_INLINE V Mul(V a, V b) { return vmulq_f32(a, b); }
IM2COL_INLINE V Div(V a, V b) { return vdivq_f32(a, b); }
IM2COL_INLINE V MulAdd(V a, V b, V c) { return vfmaq_f32(c, a, b); }
IM2COL_INLINE V NegMulAdd(V a, V b, V c) { return vfmsq_f32(c, a, b); }
IM2COL_INLINE V Neg(V a) { return vnegq_f32(a); }
IM2COL_INLINE V Abs(V a) { return vabsq_f32(a); }
IM2COL_INLINE V Sqrt(V a) { return vsqrtq_f32(a); }
IM2COL_INLINE V Max(V a, V b) { return vmaxq_f32(a, b); }
IM2COL_INLINE V Min(V a, V b) { return vminq_f32(a, b); }
IM2COL_INLINE V MaxNaN(V a, V b) { return vmaxq_f32(a, b); }
IM2COL_INLINE V Round(V a) { return vrndnq_f32(a); }
IM2COL_INLINE V CopySign(V a, V b) { return vbslq_f32(vdupq_n_u32(0x80000000u), b, a); }

IM2COL_INLINE M FirstN(int n) {
  const int32_t index[kLanes] = {0, 1, 2, 3};
  return vcltq_s32(vld1q_s32(index), vdupq_n_s32(n));
}
IM2COL_INLINE M Eq(V a, V b) { return vceqq_f32(a, b); }
IM2COL_INLINE M Ne(V a, V b) { return vmvnq_u32(vceqq_f32(a, b)); }
IM2COL_INLINE M Lt(V a, V b) { return vcltq_f32(a, b); }
IM2COL_INLINE M Le(V a, V b) { return vcleq_f32(a, b); }
IM2COL_INLINE M Gt(V a, V b) { return vcgtq_f32(a, b); }
IM2COL_INLINE M Ge(V a, V b) { return vcgeq_f32(a, b); }
IM2COL_INLINE M IsNaN(V a) { return vmvnq_u32(vceqq_f32(a, a)); }
IM2COL_INLINE M And(M a, M b) { return vandq_u32(a, b); }
IM2COL_INLINE M Or(M a, M b) { return vorrq_u32(a, b); }
IM2COL_INLINE V IfThenElse(M m, V yes, V no) { return vbslq_f32(m, yes, no); }

IM2COL_INLINE VI SetInt(int32_t i) { return vdupq_n_s32(i); }
IM2COL_INLINE VI Add(VI a, VI b) { return vaddq_s32(a, b); }
IM2COL_INLINE VI Sub(VI a, VI b) { return vsubq_s32(a, b); }
template <int k>
IM2COL_INLINE VI ShiftLeft(VI a) {
  return vshlq_n_s32(a, k);
}
template <int k>
IM2COL_INLINE VI ShiftRight(VI a) {
  return vshrq_n_s32(a, k);
}
IM2COL_INLINE V ConvertToFloat(VI i) { return vcvtq_f32_s32(i); }
IM2COL_INLINE VI BitCastToInt(V v) { return vreinterpretq_s32_f32(v); }
IM2COL_INLINE V BitCastToFloat(VI i) { return vreinterpretq_f32_s32(i); }

template <int k>
IM2COL_INLINE V SwapLanes(V v) {
  if constexpr (k == 1) return vrev64q_f32(v);
  if constexpr (k == 2) return vextq_f32(v, v, 2);
}

template <int k>
IM2COL_INLINE V BlendLanes(V a, V b) {
  if constexpr (k == 1) return vcombine_f32(vtrn1_f32(vget_low_f32(a), vrev64_f32(vget_low_f32(b))), vtrn1_f32(vget_high_f32(a), vrev64_f32(vget_high_f32(b))));
  if constexpr (k == 2) return vcombine_f32(vget_low_f32(a), vget_high_f32(b));
}

IM2COL_INLINE float ReduceSum(V v) {
  const float32x2_t s = vadd_f32(vget_low_f32(v), vget_high_f32(v));
  return vget_lane_f32(vpadd_f32(s, s), 0);
}
IM2COL_INLINE float ReduceMax(V v) { return vmaxvq_f32(v); }

IM2COL_INLINE V InterleaveWholeLower(V a, V b) { return vzip1q_f32(a, b); }
IM2COL_INLINE V InterleaveWholeUpper(V a, V b) { return vzip2q_f32(a, b); }
// The four bytes of lane k are the bytes 4 i[k] to 4 i[k] + 3.
IM2COL_INLINE V TableLookupLanes(V v, VI i) {
  const VI bytes = vmlaq_s32(vdupq_n_s32(0x03020100), i, vdupq_n_s32(0x04040404));
  return vreinterpretq_f32_u8(vqtbl1q_u8(vreinterpretq_u8_f32(v), vreinterpretq_u8_s32(bytes)));
}

IM2COL_INLINE void Transpose(V (&rows)[kLanes]) {
  const float32x4x2_t ab = vtrnq_f32(rows[0], rows[1]);
  const float32x4x2_t cd = vtrnq_f32(rows[2], rows[3]);
  rows[0] = vcombine_f32(vget_low_f32(ab.val[0]), vget_low_f32(cd.val[0]));
  rows[1] = vcombine_f32(vget_low_f32(ab.val[1]), vget_low_f32(cd.val[1]));
  rows[2] = vcombine_f32(vget_high_f32(ab.val[0]), vget_high_f32(cd.val[0]));
  rows[3] = vcombine_f32(vget_high_f32(ab.val[1]), vget_high_f32(cd.val[1]));
}
