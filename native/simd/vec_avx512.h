// AVX-512 (F, BW, VL, DQ): 16 lanes, 32 registers, masks in registers of their own. Every op: see vec.h.

using V = __m512;
using VI = __m512i;
using M = __mmask16;

constexpr int kLanes = 16;
constexpr int kRegisters = 32;
constexpr int kMaxPixels[kMaxPanelVectors] = {14, 14, 9, 6};

#if defined(__GNUC__)
#define IM2COL_PIN(x) asm("" : "+v"(x))
#else
#define IM2COL_PIN(x) ((void)0)
#endif

#define IM2COL_SCALE_BY_POWER(a, n) _mm512_scalef_ps(a, n)
#define IM2COL_FUSED

IM2COL_INLINE M FirstN(int n) { return static_cast<M>((1u << n) - 1u); }

IM2COL_INLINE V Load(const float* p) { return _mm512_load_ps(p); }
IM2COL_INLINE V LoadU(const float* p) { return _mm512_loadu_ps(p); }
IM2COL_INLINE V LoadN(const float* p, int n) { return _mm512_maskz_loadu_ps(FirstN(n), p); }
IM2COL_INLINE void Store(V v, float* p) { _mm512_store_ps(p, v); }
IM2COL_INLINE void StoreU(V v, float* p) { _mm512_storeu_ps(p, v); }
IM2COL_INLINE void StoreN(V v, float* p, int n) { _mm512_mask_storeu_ps(p, FirstN(n), v); }
IM2COL_INLINE VI LoadBytes(const uint8_t* p) {
  return _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
IM2COL_INLINE void Prefetch(const float* p) { _mm_prefetch(reinterpret_cast<const char*>(p), _MM_HINT_T0); }

IM2COL_INLINE V Zero() { return _mm512_setzero_ps(); }
IM2COL_INLINE V Set(float x) { return _mm512_set1_ps(x); }
IM2COL_INLINE V Add(V a, V b) { return _mm512_add_ps(a, b); }
IM2COL_INLINE V Sub(V a, V b) { return _mm512_sub_ps(a, b); }
IM2COL_INLINE V Mul(V a, V b) { return _mm512_mul_ps(a, b); }
IM2COL_INLINE V Div(V a, V b) { return _mm512_div_ps(a, b); }
IM2COL_INLINE V MulAdd(V a, V b, V c) { return _mm512_fmadd_ps(a, b, c); }
IM2COL_INLINE V NegMulAdd(V a, V b, V c) { return _mm512_fnmadd_ps(a, b, c); }
IM2COL_INLINE V Neg(V a) { return _mm512_xor_ps(a, _mm512_set1_ps(-0.0f)); }
IM2COL_INLINE V Abs(V a) { return _mm512_andnot_ps(_mm512_set1_ps(-0.0f), a); }
IM2COL_INLINE V Sqrt(V a) { return _mm512_sqrt_ps(a); }
IM2COL_INLINE V Max(V a, V b) { return _mm512_max_ps(a, b); }
IM2COL_INLINE V Min(V a, V b) { return _mm512_min_ps(a, b); }
IM2COL_INLINE V Round(V a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
IM2COL_INLINE V CopySign(V a, V b) {
  const V sign = _mm512_set1_ps(-0.0f);
  return _mm512_or_ps(_mm512_andnot_ps(sign, a), _mm512_and_ps(sign, b));
}

IM2COL_INLINE M Eq(V a, V b) { return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ); }
IM2COL_INLINE M Ne(V a, V b) { return _mm512_cmp_ps_mask(a, b, _CMP_NEQ_UQ); }
IM2COL_INLINE M Lt(V a, V b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
IM2COL_INLINE M Le(V a, V b) { return _mm512_cmp_ps_mask(a, b, _CMP_LE_OQ); }
IM2COL_INLINE M Gt(V a, V b) { return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ); }
IM2COL_INLINE M Ge(V a, V b) { return _mm512_cmp_ps_mask(a, b, _CMP_GE_OQ); }
IM2COL_INLINE M IsNaN(V a) { return _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q); }
IM2COL_INLINE M And(M a, M b) { return static_cast<M>(a & b); }
IM2COL_INLINE M Or(M a, M b) { return static_cast<M>(a | b); }
IM2COL_INLINE V IfThenElse(M m, V yes, V no) { return _mm512_mask_blend_ps(m, no, yes); }
IM2COL_INLINE V MaxNaN(V a, V b) { return IfThenElse(IsNaN(a), a, Max(a, b)); }

IM2COL_INLINE VI SetInt(int32_t i) { return _mm512_set1_epi32(i); }
IM2COL_INLINE VI Add(VI a, VI b) { return _mm512_add_epi32(a, b); }
IM2COL_INLINE VI Sub(VI a, VI b) { return _mm512_sub_epi32(a, b); }
template <int k>
IM2COL_INLINE VI ShiftLeft(VI a) {
  return _mm512_slli_epi32(a, k);
}
template <int k>
IM2COL_INLINE VI ShiftRight(VI a) {
  return _mm512_srai_epi32(a, k);
}
IM2COL_INLINE V ConvertToFloat(VI i) { return _mm512_cvtepi32_ps(i); }
IM2COL_INLINE VI BitCastToInt(V v) { return _mm512_castps_si512(v); }
IM2COL_INLINE V BitCastToFloat(VI i) { return _mm512_castsi512_ps(i); }

// Lanes moved down by 8, 4, 2 and 1, for the reductions.
IM2COL_INLINE V fold8(V v) { return _mm512_shuffle_f32x4(v, v, _MM_SHUFFLE(3, 2, 3, 2)); }
IM2COL_INLINE V fold4(V v) { return _mm512_shuffle_f32x4(v, v, _MM_SHUFFLE(1, 1, 1, 1)); }
IM2COL_INLINE V fold2(V v) { return _mm512_permute_ps(v, _MM_SHUFFLE(3, 2, 3, 2)); }
IM2COL_INLINE V fold1(V v) { return _mm512_permute_ps(v, _MM_SHUFFLE(1, 1, 1, 1)); }

template <int k>
IM2COL_INLINE V SwapLanes(V v) {
  if constexpr (k == 1) return _mm512_permute_ps(v, _MM_SHUFFLE(2, 3, 0, 1));
  if constexpr (k == 2) return _mm512_permute_ps(v, _MM_SHUFFLE(1, 0, 3, 2));
  if constexpr (k == 4) return _mm512_shuffle_f32x4(v, v, _MM_SHUFFLE(2, 3, 0, 1));
  if constexpr (k == 8) return _mm512_shuffle_f32x4(v, v, _MM_SHUFFLE(1, 0, 3, 2));
}

template <int k>
IM2COL_INLINE V BlendLanes(V a, V b) {
  constexpr M kMask = k == 1 ? 0xaaaa : k == 2 ? 0xcccc : k == 4 ? 0xf0f0 : 0xff00;
  return _mm512_mask_blend_ps(kMask, a, b);
}

IM2COL_INLINE float ReduceSum(V v) {
  v = Add(v, fold8(v));
  v = Add(v, fold4(v));
  v = Add(v, fold2(v));
  return _mm512_cvtss_f32(Add(v, fold1(v)));
}
IM2COL_INLINE float ReduceMax(V v) {
  v = Max(v, fold8(v));
  v = Max(v, fold4(v));
  v = Max(v, fold2(v));
  return _mm512_cvtss_f32(Max(v, fold1(v)));
}

IM2COL_INLINE V InterleaveWholeLower(V a, V b) {
  return _mm512_permutex2var_ps(a, _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23), b);
}
IM2COL_INLINE V InterleaveWholeUpper(V a, V b) {
  return _mm512_permutex2var_ps(a, _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31), b);
}
IM2COL_INLINE V TableLookupLanes(V v, VI i) { return _mm512_permutexvar_ps(i, v); }

// 2 x 2, then 4 x 4 inside the 128-bit blocks, then the blocks themselves as a 4 x 4 matrix.
IM2COL_INLINE void Transpose(V (&rows)[kLanes]) {
  V t[kLanes];
  IM2COL_UNROLL
  for (int i = 0; i < 16; i += 4) {
    const V ab0 = _mm512_unpacklo_ps(rows[i], rows[i + 1]);
    const V ab1 = _mm512_unpackhi_ps(rows[i], rows[i + 1]);
    const V cd0 = _mm512_unpacklo_ps(rows[i + 2], rows[i + 3]);
    const V cd1 = _mm512_unpackhi_ps(rows[i + 2], rows[i + 3]);
    t[i] = _mm512_shuffle_ps(ab0, cd0, _MM_SHUFFLE(1, 0, 1, 0));
    t[i + 1] = _mm512_shuffle_ps(ab0, cd0, _MM_SHUFFLE(3, 2, 3, 2));
    t[i + 2] = _mm512_shuffle_ps(ab1, cd1, _MM_SHUFFLE(1, 0, 1, 0));
    t[i + 3] = _mm512_shuffle_ps(ab1, cd1, _MM_SHUFFLE(3, 2, 3, 2));
  }
  IM2COL_UNROLL
  for (int i = 0; i < 4; ++i) {
    const V even01 = _mm512_shuffle_f32x4(t[i], t[4 + i], _MM_SHUFFLE(2, 0, 2, 0));
    const V odd01 = _mm512_shuffle_f32x4(t[i], t[4 + i], _MM_SHUFFLE(3, 1, 3, 1));
    const V even23 = _mm512_shuffle_f32x4(t[8 + i], t[12 + i], _MM_SHUFFLE(2, 0, 2, 0));
    const V odd23 = _mm512_shuffle_f32x4(t[8 + i], t[12 + i], _MM_SHUFFLE(3, 1, 3, 1));
    rows[i] = _mm512_shuffle_f32x4(even01, even23, _MM_SHUFFLE(2, 0, 2, 0));
    rows[4 + i] = _mm512_shuffle_f32x4(odd01, odd23, _MM_SHUFFLE(2, 0, 2, 0));
    rows[8 + i] = _mm512_shuffle_f32x4(even01, even23, _MM_SHUFFLE(3, 1, 3, 1));
    rows[12 + i] = _mm512_shuffle_f32x4(odd01, odd23, _MM_SHUFFLE(3, 1, 3, 1));
  }
}
