// The contract of the SIMD wrapper: vec_<isa>.h implements every op below with the same meaning, under Google Highway's
// names. vec_<isa>.h, math.inl.h, activations.inl.h and the kernels are included by isa/<isa>.cpp inside its target region and inside
// `namespace im2col { namespace <isa> { namespace {`, so they hold no #include and everything has internal linkage.
//
// Types and constants
//   V    kLanes float32                  VI   kLanes int32                 M   kLanes truth values
//   kLanes      floats per vector
//   kRegisters  vector registers that a kernel may count on for accumulators and pinned operands
//   kMaxPixels  largest gemm tile by panel_vectors - 1; 0: that panel width is not offered
//
// Memory. p is a float pointer; n is in [0, kLanes].
//   Load(p), Store(v, p)       p aligned to kLanes * 4 bytes
//   LoadU(p), StoreU(v, p)     any p
//   LoadN(p, n)                the first n lanes, zero in the others; reads nothing beyond p + n
//   StoreN(v, p, n)            writes the first n lanes only
//   LoadBytes(p)               kLanes uint8 from any p as int32
//   Prefetch(p)                hint: the cache line of p is read soon
//
// Arithmetic, per lane, IEEE single precision, denormals kept
//   Zero(), Set(x)
//   Add, Sub, Mul, Div, Neg, Abs, Sqrt (correctly rounded)
//   MulAdd(a, b, c)            a * b + c, with one rounding where the ISA has FMA, else two
//   NegMulAdd(a, b, c)         c - a * b, likewise
//   Max(a, b), Min(a, b)       NaN when b is NaN; NaN or b when only a is. Of +0 and -0 either one. So relu(x) is
//                              Max(Zero(), x) and passes NaN on.
//   MaxNaN(a, b)               NaN when either is, else Max(a, b)
//   Round(a)                   to the nearest integer, ties to even; NaN and infinities stay
//   CopySign(a, b)             magnitude of a, sign of b
//
// Masks
//   Eq, Ne, Lt, Le, Gt, Ge     IEEE: false when an operand is NaN, but Ne true
//   IsNaN(a)
//   FirstN(n)                  true in the first n lanes
//   And(m, m), Or(m, m)
//   IfThenElse(m, yes, no)     a choice of bits, no arithmetic
//
// Integers, for the exponent of floats
//   SetInt(i), Add(VI, VI), Sub(VI, VI)   wrapping
//   ShiftLeft<k>(i), ShiftRight<k>(i)                  the right shift keeps the sign
//   ConvertToFloat(i)          rounds to nearest
//   BitCastToInt(v), BitCastToFloat(i)
//
// Across lanes
//   ReduceSum(v)               sum in halves: lane i with lane i + kLanes / 2, and so on
//   ReduceMax(v)               by Max: when a lane is NaN the result may be a number
//   InterleaveWholeLower(a, b) a0 b0 a1 b1 ... of the lower halves; InterleaveWholeUpper(a, b) of the upper halves
//   TableLookupLanes(v, i)     lane i[k] of v in lane k; every i[k] in [0, kLanes)
//   SwapLanes<k>(v)            lane i of v moves to lane i ^ k, for k = 1, 2, 4 ... kLanes / 2
//   BlendLanes<k>(a, b)        lane i of b where i & k, else of a, for the same k
//   Transpose(rows)            V rows[kLanes]: element j of rows[i] trades places with element i of rows[j]
//
// Macros
//   IM2COL_PIN(x)              keeps the V variable x in a register: GCC otherwise folds the load into every use of x
//   IM2COL_SCALE_BY_POWER(a, n)   a 2^n for integers n; only where one instruction does it, else see scale_by_power
//   IM2COL_FUSED               where MulAdd and NegMulAdd have one rounding
//   IM2COL_INLINE              for every function of the wrapper and every helper of a kernel
//   IM2COL_NOINLINE            for long functions that many kernels call
//   IM2COL_MATH                before an elementary function: IM2COL_INLINE unless the ISA says otherwise
//   IM2COL_UNROLL              before a loop with constant bounds: unroll it fully
//   IM2COL_TARGET_REGION_BEGIN(features), IM2COL_TARGET_REGION_END   code between them is compiled for `features`
#pragma once

#if defined(__GNUC__) || defined(__clang__)
#define IM2COL_INLINE static inline __attribute__((always_inline, unused))
#define IM2COL_NOINLINE static __attribute__((noinline, unused))
#elif defined(_MSC_VER)
#define IM2COL_INLINE static __forceinline
#define IM2COL_NOINLINE static __declspec(noinline)
#else
#define IM2COL_INLINE static inline
#define IM2COL_NOINLINE static
#endif

#define IM2COL_PRAGMA(...) _Pragma(#__VA_ARGS__)

#if defined(__clang__)
#define IM2COL_UNROLL _Pragma("clang loop unroll(full)")
#define IM2COL_TARGET_REGION_BEGIN(features) \
  IM2COL_PRAGMA(clang attribute push(__attribute__((target(features))), apply_to = function))
#define IM2COL_TARGET_REGION_END _Pragma("clang attribute pop")
#elif defined(__GNUC__)
#if defined(__SANITIZE_ADDRESS__)
#define IM2COL_UNROLL  // with a check at every access, unrolled tiles would compile for minutes
#else
#define IM2COL_UNROLL _Pragma("GCC unroll 64")
#endif
#define IM2COL_TARGET_REGION_BEGIN(features) _Pragma("GCC push_options") IM2COL_PRAGMA(GCC target(features))
#define IM2COL_TARGET_REGION_END _Pragma("GCC pop_options")
#else
#define IM2COL_UNROLL
#define IM2COL_TARGET_REGION_BEGIN(features)
#define IM2COL_TARGET_REGION_END
#endif
