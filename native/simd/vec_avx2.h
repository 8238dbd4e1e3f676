// AVX2 with FMA: 8 lanes, 16 registers, masks are vectors of all-ones or all-zeros lanes. Every op: see vec.h.

using V = __m256;
using VI = __m256i;
using M = __m256;

#define IM2COL_FUSED

constexpr int kLanes = 8;
constexpr int kRegisters = 16;
constexpr int kMaxPixels[kMaxPanelVectors] = {12, 6, 4, 0};

#if defined(__GNUC__)
#define IM2COL_PIN(x) asm("" : "+v"(x))
#else
#define IM2COL_PIN(x) ((void)0)
#endif

IM2COL_INLINE VI first_lanes(int n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

IM2COL_INLINE V Load(const float* p) { return _mm256_load_ps(p); }
IM2COL_INLINE V LoadU(const float* p) { return _mm256_loadu_ps(p); }
IM2COL_INLINE V LoadN(const float* p, int n) { return _mm256_maskload_ps(p, first_lanes(n)); }
IM2COL_INLINE void Store(V v, float* p) { _mm256_store_ps(p, v); }
IM2COL_INLINE void StoreU(V v, float* p) { _mm256_storeu_ps(p, v); }
IM2COL_INLINE void StoreN(V v, float* p, int n) { _mm256_maskstore_ps(p, first_lanes(n), v); }
IM2COL_INLINE VI LoadBytes(const uint8_t* p) {
  return _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)));
}
IM2COL_INLINE void Prefetch(const float* p) { _mm_prefetch(reinterpret_cast<const char*>(p), _MM_HINT_T0); }

IM2COL_INLINE V Zero() { return _mm256_setzero_ps(); }
IM2COL_INLINE V Set(float x) { return _mm256_set1_ps(x); }
IM2COL_INLINE V Add(V a, V b) { return _mm256_add_ps(a, b); }
IM2COL_INLINE V Sub(V a, V b) { return _mm256_sub_ps(a, b); }
IM2COL_INLINE V Mul(V a, V b) { return _mm256_mul_ps(a, b); }
IM2COL_INLINE V Div(V a, V b) { return _mm256_div_ps(a, b); }
IM2COL_INLINE V MulAdd(V a, V b, V c) { return _mm256_fmadd_ps(a, b, c); }
IM2COL_INLINE V NegMulAdd(V a, V b, V c) { return _mm256_fnmadd_ps(a, b, c); }
IM2COL_INLINE V Neg(V a) { return _mm256_xor_ps(a, _mm256_set1_ps(-0.0f)); }
IM2COL_INLINE V Abs(V a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a); }
IM2COL_INLINE V Sqrt(V a) { return _mm256_sqrt_ps(a); }
IM2COL_INLINE V Max(V a, V b) { return _mm256_max_ps(a, b); }
IM2COL_INLINE V Min(V a, V b) { return _mm256_min_ps(a, b); }
IM2COL_INLINE V Round(V a) { return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
IM2COL_INLINE V CopySign(V a, V b) { return _mm256_blendv_ps(Abs(a), Neg(Abs(a)), b); }

IM2COL_INLINE M FirstN(int n) { return _mm256_castsi256_ps(first_lanes(n)); }
IM2COL_INLINE M Eq(V a, V b) { return _mm256_cmp_ps(a, b, _CMP_EQ_OQ); }
IM2COL_INLINE M Ne(V a, V b) { return _mm256_cmp_ps(a, b, _CMP_NEQ_UQ); }
IM2COL_INLINE M Lt(V a, V b) { return _mm256_cmp_ps(a, b, _CMP_LT_OQ); }
IM2COL_INLINE M Le(V a, V b) { return _mm256_cmp_ps(a, b, _CMP_LE_OQ); }
IM2COL_INLINE M Gt(V a, V b) { return _mm256_cmp_ps(a, b, _CMP_GT_OQ); }
IM2COL_INLINE M Ge(V a, V b) { return _mm256_cmp_ps(a, b, _CMP_GE_OQ); }
IM2COL_INLINE M IsNaN(V a) { return _mm256_cmp_ps(a, a, _CMP_UNORD_Q); }
IM2COL_INLINE M And(M a, M b) { return _mm256_and_ps(a, b); }
IM2COL_INLINE M Or(M a, M b) { return _mm256_or_ps(a, b); }
IM2COL_INLINE V IfThenElse(M m, V yes, V no) { return _mm256_blendv_ps(no, yes, m); }
IM2COL_INLINE V MaxNaN(V a, V b) { return IfThenElse(IsNaN(a), a, Max(a, b)); }

IM2COL_INLINE VI SetInt(int32_t i) { return _mm256_set1_epi32(i); }
IM2COL_INLINE VI Add(VI a, VI b) { return _mm256_add_epi32(a, b); }
IM2COL_INLINE VI Sub(VI a, VI b) { return _mm256_sub_epi32(a, b); }
template <int k>
IM2COL_INLINE VI ShiftLeft(VI a) {
  return _mm256_slli_epi32(a, k);
}
template <int k>
IM2COL_INLINE VI ShiftRight(VI a) {
  return _mm256_srai_epi32(a, k);
}
IM2COL_INLINE V ConvertToFloat(VI i) { return _mm256_cvtepi32_ps(i); }
IM2COL_INLINE VI BitCastToInt(V v) { return _mm256_castps_si256(v); }
IM2COL_INLINE V BitCastToFloat(VI i) { return _mm256_castsi256_ps(i); }

template <int k>
IM2COL_INLINE V SwapLanes(V v) {
  if constexpr (k == 1) return _mm256_permute_ps(v, _MM_SHUFFLE(2, 3, 0, 1));
  if constexpr (k == 2) return _mm256_permute_ps(v, _MM_SHUFFLE(1, 0, 3, 2));
  if constexpr (k == 4) return _mm256_permute2f128_ps(v, v, 1);
}

template <int k>
IM2COL_INLINE V BlendLanes(V a, V b) {
  return _mm256_blend_ps(a, b, k == 1 ? 0xaa : k == 2 ? 0xcc : 0xf0);
}

IM2COL_INLINE float ReduceSum(V v) {
  __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  s = _mm_add_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}
IM2COL_INLINE float ReduceMax(V v) {
  __m128 s = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  s = _mm_max_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_max_ss(s, _mm_movehdup_ps(s)));
}

IM2COL_INLINE V InterleaveWholeLower(V a, V b) {
  return _mm256_permute2f128_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b), 0x20);
}
IM2COL_INLINE V InterleaveWholeUpper(V a, V b) {
  return _mm256_permute2f128_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b), 0x31);
}
IM2COL_INLINE V TableLookupLanes(V v, VI i) { return _mm256_permutevar8x32_ps(v, i); }

// 4 x 4 inside the 128-bit halves, then the halves.
IM2COL_INLINE void Transpose(V (&rows)[kLanes]) {
  V t[kLanes];
  IM2COL_UNROLL
  for (int i = 0; i < 8; i += 4) {
    const V ab0 = _mm256_unpacklo_ps(rows[i], rows[i + 1]);
    const V ab1 = _mm256_unpackhi_ps(rows[i], rows[i + 1]);
    const V cd0 = _mm256_unpacklo_ps(rows[i + 2], rows[i + 3]);
    const V cd1 = _mm256_unpackhi_ps(rows[i + 2], rows[i + 3]);
    t[i] = _mm256_shuffle_ps(ab0, cd0, _MM_SHUFFLE(1, 0, 1, 0));
    t[i + 1] = _mm256_shuffle_ps(ab0, cd0, _MM_SHUFFLE(3, 2, 3, 2));
    t[i + 2] = _mm256_shuffle_ps(ab1, cd1, _MM_SHUFFLE(1, 0, 1, 0));
    t[i + 3] = _mm256_shuffle_ps(ab1, cd1, _MM_SHUFFLE(3, 2, 3, 2));
  }
  IM2COL_UNROLL
  for (int i = 0; i < 4; ++i) {
    rows[i] = _mm256_permute2f128_ps(t[i], t[4 + i], 0x20);
    rows[4 + i] = _mm256_permute2f128_ps(t[i], t[4 + i], 0x31);
  }
}
