// Elementary functions on vectors. Errors are the largest over all float32 inputs in the range, in units in the last place
// (ULP) of the exact result; native/test/math_test.cpp asserts them on every ISA. NaN gives NaN, denormals are exact
// inputs and results. Coefficients: Cephes (Moshier) where nothing else is said.
#pragma once

#if !defined(IM2COL_MATH)
#define IM2COL_MATH IM2COL_INLINE
#endif

// Added to a number it rounds it to an integer, which is then the low bits of the sum. Valid range: |x| < 2^21.
constexpr float kRoundingMagic = 12582912.0f;  // 1.5 * 2^23

IM2COL_INLINE V round_by_magic(V x) { return Sub(Add(x, Set(kRoundingMagic)), Set(kRoundingMagic)); }

// 2^n for integers n in [-126, 127]. The shift drops the bits of the magic number.
IM2COL_INLINE V power_of_two(V n) { return BitCastToFloat(ShiftLeft<23>(BitCastToInt(Add(n, Set(kRoundingMagic + 127))))); }

// a 2^n for integers n in [-252, 254], by two factors that are normal numbers where the ISA has no instruction for it.
IM2COL_INLINE V scale_by_power(V a, V n) {
#if defined(IM2COL_SCALE_BY_POWER)
  return IM2COL_SCALE_BY_POWER(a, n);
#else
  const V half = round_by_magic(Mul(n, Set(0.5f)));
  return Mul(Mul(a, power_of_two(half)), power_of_two(Sub(n, half)));
#endif
}

// x = n ln 2 + r with |r| <= ln 2 / 2 and integer n, for |x| < 2^20. The high part of ln 2 has so few bits that n times
// it is exact.
struct ExpReduction {
  V n;
  V r;
};
IM2COL_INLINE ExpReduction reduce_exp(V x) {
  const V magic = Set(kRoundingMagic);
  const V n = Sub(MulAdd(x, Set(1.44269504088896341f), magic), magic);
  V r = NegMulAdd(n, Set(0.693359375f), x);
  r = NegMulAdd(n, Set(-2.12194440e-4f), r);
  return {n, r};
}

// exp(r) - 1 for |r| <= ln 2 / 2.
IM2COL_INLINE V expm1_reduced(V r) {
  V p = Set(1.9875691500e-4f);
  p = MulAdd(p, r, Set(1.3981999507e-3f));
  p = MulAdd(p, r, Set(8.3334519073e-3f));
  p = MulAdd(p, r, Set(4.1665795894e-2f));
  p = MulAdd(p, r, Set(1.6666665459e-1f));
  p = MulAdd(p, r, Set(5.0000001201e-1f));
  return MulAdd(p, Mul(r, r), r);
}

// e^r for |r| <= ln 2 / 2, as a minimax polynomial.
IM2COL_INLINE V exp_reduced(V r) {
  V p = Set(1.3814603444e-3f);
  p = MulAdd(p, r, Set(8.3687463775e-3f));
  p = MulAdd(p, r, Set(4.1668388993e-2f));
  p = MulAdd(p, r, Set(1.6666521132e-1f));
  p = MulAdd(p, r, Set(4.9999994040e-1f));
  p = MulAdd(p, r, Set(1.0f));
  return MulAdd(p, r, Set(1.0f));
}

// e^x for x in [-105, 89].
IM2COL_INLINE V exp_in_range(V x) {
  const ExpReduction e = reduce_exp(x);
  return scale_by_power(exp_reduced(e.r), e.n);
}

// e^-|x|. Max error: 1.1 ULP. Valid range: all.
IM2COL_MATH V ExpNegativeAbs(V x) { return exp_in_range(Max(Set(-105.0f), Neg(Abs(x)))); }

// e^x. Max error: 1.1 ULP. Valid range: all; overflows to infinity above 88.7228, denormal below -87.34, 0 below -103.98.
IM2COL_MATH V Exp(V x) {
  return exp_in_range(Min(Set(89.0f), Max(Set(-105.0f), x)));
}

// e^x - 1 without cancellation near 0. Max error: 1 ULP. Valid range: x <= 0.
IM2COL_MATH V Expm1Negative(V x) {
  const ExpReduction e = reduce_exp(Max(Set(-25.0f), x));
  const V scale = power_of_two(e.n);
  return MulAdd(scale, expm1_reduced(e.r), Sub(scale, Set(1.0f)));
}

// Natural logarithm. Max error: 1 ULP. Valid range: all; -infinity at 0, NaN below.
IM2COL_MATH V Log(V x) {
  // Denormals are scaled into the normal range first.
  const M tiny = Lt(x, Set(1.17549435e-38f));
  const VI bits = BitCastToInt(IfThenElse(tiny, Mul(x, Set(33554432.0f)), x));
  // x = m 2^n with m in [sqrt(1/2), sqrt(2)); 0x3f3504f3 is sqrt(1/2).
  const VI exponent = ShiftRight<23>(Sub(bits, SetInt(0x3f3504f3)));
  const V f = Sub(BitCastToFloat(Sub(bits, ShiftLeft<23>(exponent))), Set(1.0f));
  const V n = Sub(ConvertToFloat(exponent), IfThenElse(tiny, Set(25.0f), Zero()));
  V p = Set(7.0376836292e-2f);
  p = MulAdd(p, f, Set(-1.1514610310e-1f));
  p = MulAdd(p, f, Set(1.1676998740e-1f));
  p = MulAdd(p, f, Set(-1.2420140846e-1f));
  p = MulAdd(p, f, Set(1.4249322787e-1f));
  p = MulAdd(p, f, Set(-1.6668057665e-1f));
  p = MulAdd(p, f, Set(2.0000714765e-1f));
  p = MulAdd(p, f, Set(-2.4999993993e-1f));
  p = MulAdd(p, f, Set(3.3333331174e-1f));
  const V f2 = Mul(f, f);
  V y = Mul(Mul(p, f), f2);
  y = MulAdd(n, Set(-2.12194440e-4f), y);
  y = NegMulAdd(Set(0.5f), f2, y);
  y = MulAdd(n, Set(0.693359375f), Add(f, y));
  y = IfThenElse(Lt(x, Set(INFINITY)), y, x);  // infinity and NaN stay
  y = IfThenElse(Eq(x, Zero()), Set(-INFINITY), y);
  return IfThenElse(Lt(x, Zero()), Set(NAN), y);
}

// log(1 + x) = 2 artanh(x / (2 + x)). Max error: 2 ULP. Valid range: [0, 1].
IM2COL_MATH V Log1pUnit(V x) {
  const V s = Div(x, Add(Set(2.0f), x));
  const V s2 = Mul(s, s);
  V p = Set(1.401222988e-1f);
  p = MulAdd(p, s2, Set(1.399957043e-1f));
  p = MulAdd(p, s2, Set(2.001084954e-1f));
  p = MulAdd(p, s2, Set(3.333320657e-1f));
  const V twice = Add(s, s);
  return MulAdd(Mul(twice, s2), p, twice);
}

// x^y as exp(y log x). Max error: 2 + 2 |y log x| ULP. Valid range: x > 0, result not denormal.
IM2COL_INLINE V PowPositive(V x, V y) { return Exp(Mul(y, Log(x))); }

// x^y as C's pow: NaN where x is negative and y no integer. Max error: 2 + 2 |y log |x|| ULP. Valid range: result not denormal.
IM2COL_MATH V Pow(V x, V y) {
  const V half = Mul(Set(0.5f), y);
  const M is_integer = Eq(Round(y), y), is_even = Eq(Round(half), half);
  V z = PowPositive(Abs(x), y);
  z = IfThenElse(And(is_integer, Ne(Round(half), half)), CopySign(z, x), z);
  z = IfThenElse(And(And(Lt(x, Zero()), Gt(x, Set(-INFINITY))), Ne(Round(y), y)), Set(NAN), z);
  z = IfThenElse(And(Eq(Abs(x), Set(1.0f)), Or(is_even, Eq(x, Set(1.0f)))), Set(1.0f), z);
  return IfThenElse(Eq(y, Zero()), Set(1.0f), z);
}

// Max error: 1.5 ULP. Valid range: all.
IM2COL_MATH V Tanh(V x) {
  const V a = Abs(x);
  const V x2 = Mul(x, x);
  V p = Set(-5.70498872745e-3f);
  p = MulAdd(p, x2, Set(2.06390887954e-2f));
  p = MulAdd(p, x2, Set(-5.37397155531e-2f));
  p = MulAdd(p, x2, Set(1.33314422036e-1f));
  p = MulAdd(p, x2, Set(-3.33332819422e-1f));
  const V near_zero = MulAdd(Mul(p, x2), x, x);
  const V e = exp_in_range(Min(Set(20.0f), Add(a, a)));
  const V far = NegMulAdd(Set(2.0f), Div(Set(1.0f), Add(e, Set(1.0f))), Set(1.0f));
  return IfThenElse(Lt(a, Set(0.625f)), near_zero, CopySign(far, x));
}

// 1 / (1 + e^-x) = e^x / (1 + e^x), which is 1 from x = 20 on. Max error: 2.5 ULP. Valid range: all.
IM2COL_MATH V Sigmoid(V x) {
  const V e = exp_in_range(Min(Set(20.0f), Max(Set(-105.0f), x)));
  return Div(e, Add(Set(1.0f), e));
}

// What the rounded square of `a`, at most 16, has more than the exact one.
IM2COL_INLINE V square_excess(V a, V square) {
#if defined(IM2COL_FUSED)
  return NegMulAdd(a, a, square);
#else
  // a^2 = h^2 + (a - h)(a + h), where h is a multiple of 2^-8, so that its square is exact.
  const V magic = Set(kRoundingMagic / 256);
  const V h = Sub(Add(a, magic), magic);
  return NegMulAdd(Sub(a, h), Add(a, h), Sub(square, Mul(h, h)));
#endif
}

// The normal distribution function, (1 + erf(x / sqrt 2)) / 2. Max error: 6 ULP. Valid range: all. With a = |x| the tail is
// e^(-a^2 / 2) t P(t), t = 1 / (1 + 0.3 a), where P is the minimax polynomial of the scaled complementary error function
// (the substitution of Abramowitz and Stegun 7.1.26).
IM2COL_MATH V NormalCdf(V x) {
  const V a = Min(Set(14.5f), Abs(x));
  const V square = Mul(a, a);
  const ExpReduction e = reduce_exp(Mul(Set(-0.5f), square));
  const V r = MulAdd(Set(0.5f), square_excess(a, square), e.r);
  const V t = Div(Set(1.0f), MulAdd(Set(0.3f), a, Set(1.0f)));
  V p = Set(-2.062348987e-2f);
  p = MulAdd(p, t, Set(1.124357257e-1f));
  p = MulAdd(p, t, Set(-2.28213863e-1f));
  p = MulAdd(p, t, Set(1.917848827e-1f));
  p = MulAdd(p, t, Set(-7.942377734e-2f));
  p = MulAdd(p, t, Set(9.615698389e-2f));
  p = MulAdd(p, t, Set(7.838959824e-2f));
  p = MulAdd(p, t, Set(1.102354355e-1f));
  p = MulAdd(p, t, Set(1.195718126e-1f));
  p = MulAdd(p, t, Set(1.196866899e-1f));
  p = Mul(p, t);
  const V tail = scale_by_power(MulAdd(p, expm1_reduced(r), p), e.n);
  return IfThenElse(Lt(x, Zero()), tail, Sub(Set(1.0f), tail));
}
