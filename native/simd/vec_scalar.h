// Portable C++: 4 lanes as plain loops, which compilers turn into the machine's baseline vectors (SSE2 on x86-64), else
// into scalar code. MulAdd rounds twice unless the compiler's baseline has FMA. Every op: see vec.h.

constexpr int kLanes = 4;
constexpr int kRegisters = 16;
constexpr int kMaxPixels[kMaxPanelVectors] = {8, 4, 3, 2};

struct alignas(16) V {
  float lane[kLanes];
};
struct alignas(16) VI {
  int32_t lane[kLanes];
};
struct M {
  bool lane[kLanes];
};

#define IM2COL_PIN(x) ((void)0)
#define IM2COL_MATH IM2COL_NOINLINE  // inlined they are most of the code, at four times the instructions of a vector

// Defines an op on lanes: `type name(parameters)` computes r.lane[i] for every i.
#define IM2COL_PER_LANE(type, name, parameters, expression)    \
  IM2COL_INLINE type name parameters {                         \
    type r;                                                    \
    IM2COL_UNROLL                                              \
    for (int i = 0; i < kLanes; ++i) r.lane[i] = (expression); \
    return r;                                                  \
  }

IM2COL_INLINE float bits_to_float(int32_t i) {
  float x;
  memcpy(&x, &i, sizeof x);
  return x;
}
IM2COL_INLINE int32_t float_to_bits(float x) {
  int32_t i;
  memcpy(&i, &x, sizeof i);
  return i;
}
IM2COL_INLINE float round_even(float x) {
  const float magnitude = bits_to_float(float_to_bits(x) & 0x7fffffff);
  if (!(magnitude < 8388608.0f)) return x;
  const float rounded = (magnitude + 8388608.0f) - 8388608.0f;
  return bits_to_float(float_to_bits(rounded) | (float_to_bits(x) & INT32_MIN));
}
IM2COL_INLINE int32_t wrap(uint32_t i) { return static_cast<int32_t>(i); }

IM2COL_PER_LANE(V, Zero, (), 0.0f)
IM2COL_PER_LANE(V, Set, (float x), x)

IM2COL_PER_LANE(V, LoadU, (const float* p), p[i])
IM2COL_INLINE V Load(const float* p) { return LoadU(p); }
IM2COL_PER_LANE(V, LoadN, (const float* p, int n), i < n ? p[i] : 0.0f)
IM2COL_INLINE void StoreU(V v, float* p) {
  IM2COL_UNROLL
  for (int i = 0; i < kLanes; ++i) p[i] = v.lane[i];
}
IM2COL_INLINE void Store(V v, float* p) { StoreU(v, p); }
IM2COL_INLINE void StoreN(V v, float* p, int n) {
  for (int i = 0; i < n; ++i) p[i] = v.lane[i];
}
IM2COL_PER_LANE(VI, LoadBytes, (const uint8_t* p), p[i])
IM2COL_INLINE void Prefetch(const float*) {}

IM2COL_PER_LANE(V, Add, (V a, V b), a.lane[i] + b.lane[i])
IM2COL_PER_LANE(V, Sub, (V a, V b), a.lane[i] - b.lane[i])
IM2COL_PER_LANE(V, Mul, (V a, V b), a.lane[i] * b.lane[i])
IM2COL_PER_LANE(V, Div, (V a, V b), a.lane[i] / b.lane[i])
IM2COL_PER_LANE(V, MulAdd, (V a, V b, V c), a.lane[i] * b.lane[i] + c.lane[i])
IM2COL_PER_LANE(V, NegMulAdd, (V a, V b, V c), c.lane[i] - a.lane[i] * b.lane[i])
IM2COL_PER_LANE(V, Neg, (V a), -a.lane[i])
IM2COL_PER_LANE(V, Abs, (V a), bits_to_float(float_to_bits(a.lane[i]) & 0x7fffffff))
IM2COL_PER_LANE(V, Sqrt, (V a), std::sqrt(a.lane[i]))
IM2COL_PER_LANE(V, Max, (V a, V b), a.lane[i] > b.lane[i] ? a.lane[i] : b.lane[i])
IM2COL_PER_LANE(V, Min, (V a, V b), a.lane[i] < b.lane[i] ? a.lane[i] : b.lane[i])
IM2COL_PER_LANE(V, MaxNaN, (V a, V b), a.lane[i] > b.lane[i] || a.lane[i] != a.lane[i] ? a.lane[i] : b.lane[i])
IM2COL_PER_LANE(V, Round, (V a), round_even(a.lane[i]))
IM2COL_PER_LANE(V, CopySign, (V a, V b),
                bits_to_float((float_to_bits(a.lane[i]) & 0x7fffffff) | (float_to_bits(b.lane[i]) & INT32_MIN)))

IM2COL_PER_LANE(M, FirstN, (int n), i < n)
IM2COL_PER_LANE(M, Eq, (V a, V b), a.lane[i] == b.lane[i])
IM2COL_PER_LANE(M, Ne, (V a, V b), a.lane[i] != b.lane[i])
IM2COL_PER_LANE(M, Lt, (V a, V b), a.lane[i] < b.lane[i])
IM2COL_PER_LANE(M, Le, (V a, V b), a.lane[i] <= b.lane[i])
IM2COL_PER_LANE(M, Gt, (V a, V b), a.lane[i] > b.lane[i])
IM2COL_PER_LANE(M, Ge, (V a, V b), a.lane[i] >= b.lane[i])
IM2COL_PER_LANE(M, IsNaN, (V a), a.lane[i] != a.lane[i])
IM2COL_PER_LANE(M, And, (M a, M b), a.lane[i] && b.lane[i])
IM2COL_PER_LANE(M, Or, (M a, M b), a.lane[i] || b.lane[i])
IM2COL_PER_LANE(V, IfThenElse, (M m, V yes, V no), m.lane[i] ? yes.lane[i] : no.lane[i])

IM2COL_PER_LANE(VI, SetInt, (int32_t x), x)
IM2COL_PER_LANE(VI, Add, (VI a, VI b), wrap(static_cast<uint32_t>(a.lane[i]) + static_cast<uint32_t>(b.lane[i])))
IM2COL_PER_LANE(VI, Sub, (VI a, VI b), wrap(static_cast<uint32_t>(a.lane[i]) - static_cast<uint32_t>(b.lane[i])))
template <int k>
IM2COL_PER_LANE(VI, ShiftLeft, (VI a), wrap(static_cast<uint32_t>(a.lane[i]) << k))
template <int k>
IM2COL_PER_LANE(VI, ShiftRight, (VI a), a.lane[i] >> k)
IM2COL_PER_LANE(V, ConvertToFloat, (VI a), static_cast<float>(a.lane[i]))
IM2COL_PER_LANE(VI, BitCastToInt, (V v), float_to_bits(v.lane[i]))
IM2COL_PER_LANE(V, BitCastToFloat, (VI a), bits_to_float(a.lane[i]))

IM2COL_PER_LANE(V, InterleaveWholeLower, (V a, V b), i % 2 == 0 ? a.lane[i / 2] : b.lane[i / 2])
IM2COL_PER_LANE(V, InterleaveWholeUpper, (V a, V b), i % 2 == 0 ? a.lane[(kLanes + i) / 2] : b.lane[(kLanes + i) / 2])
IM2COL_PER_LANE(V, TableLookupLanes, (V v, VI index), v.lane[index.lane[i]])

template <int k>
IM2COL_PER_LANE(V, SwapLanes, (V v), v.lane[i ^ k])
template <int k>
IM2COL_PER_LANE(V, BlendLanes, (V a, V b), (i & k) ? b.lane[i] : a.lane[i])

#undef IM2COL_PER_LANE

IM2COL_INLINE float ReduceSum(V v) { return (v.lane[0] + v.lane[2]) + (v.lane[1] + v.lane[3]); }
IM2COL_INLINE float ReduceMax(V v) {
  const float even = v.lane[0] > v.lane[2] ? v.lane[0] : v.lane[2];
  const float odd = v.lane[1] > v.lane[3] ? v.lane[1] : v.lane[3];
  return even > odd ? even : odd;
}

IM2COL_INLINE void Transpose(V (&rows)[kLanes]) {
  for (int i = 0; i < kLanes; ++i) {
    for (int j = 0; j < i; ++j) {
      const float x = rows[i].lane[j];
      rows[i].lane[j] = rows[j].lane[i];
      rows[j].lane[i] = x;
    }
  }
}
