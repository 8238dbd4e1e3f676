// Every op of the SIMD wrapper against plain C++, lane by lane.
#include <cmath>
#include <cstring>
#include <limits>

#include "test.h"
#include "vec_probe.h"

namespace im2col::test {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

// Numbers of every kind: signed zeros, denormals, extremes, halves (for Round), infinities, NaN.
const float kSpecial[] = {0.0f,       -0.0f,  1.0f,       -1.0f,       0.5f,        -0.5f,       1.5f,       2.5f,
                          -2.5f,      1e-45f, -1e-45f,    1.1754942e-38f, 1.17549435e-38f, 3.4028235e38f, -3.4028235e38f,
                          kInfinity, -kInfinity, kNaN,    8388607.5f,  8388608.0f,  -8388607.5f, 16777216.0f, 3.0f, 1e-20f};
constexpr size_t kSpecialCount = sizeof kSpecial / sizeof kSpecial[0];
constexpr int kMaxLanes = 16;

// Any number for `round` beyond the special ones, all exponents equally often.
float value(Random& random) {
  if (random.integer(0, 3) == 0) return kSpecial[random.integer(0, kSpecialCount - 1)];
  const uint32_t bits = static_cast<uint32_t>(random.bits());
  float x;
  std::memcpy(&x, &bits, sizeof x);
  return std::isnan(x) ? kNaN : x;
}

void fill(Random& random, float* lanes, int count) {
  for (int i = 0; i < count; ++i) lanes[i] = value(random);
}

// Equal as numbers, with the same sign of zero; any NaN is as good as another.
bool equal(float a, float b) { return std::isnan(a) ? std::isnan(b) : same_bits(a, b); }

constexpr int kRounds = 5000;

void check_unary(const KernelTable& table, const char* name, void (*op)(const float*, float*), float (*expected)(float)) {
  Random random;
  float a[kMaxLanes], y[kMaxLanes];
  for (int round = 0; round < kRounds; ++round) {
    fill(random, a, table.lanes);
    op(a, y);
    for (int i = 0; i < table.lanes; ++i) {
      CHECK(equal(y[i], expected(a[i])), "%s(%g) = %g, expected %g", name, a[i], y[i], expected(a[i]));
    }
  }
}

using Binary = void (*)(const float*, const float*, float*);

void check_binary(const KernelTable& table, const char* name, Binary op, bool (*accept)(float a, float b, float y)) {
  Random random;
  float a[kMaxLanes], b[kMaxLanes], y[kMaxLanes];
  for (int round = 0; round < kRounds; ++round) {
    fill(random, a, table.lanes);
    fill(random, b, table.lanes);
    op(a, b, y);
    for (int i = 0; i < table.lanes; ++i) CHECK(accept(a[i], b[i], y[i]), "%s(%g, %g) = %g", name, a[i], b[i], y[i]);
  }
}

// fused: a * b + c with one rounding or with two; both are the contract.
void check_multiply_add(const KernelTable& table, const char* name, void (*op)(const float*, const float*, const float*, float*), float sign) {
  Random random;
  float a[kMaxLanes], b[kMaxLanes], c[kMaxLanes], y[kMaxLanes];
  for (int round = 0; round < kRounds; ++round) {
    fill(random, a, table.lanes);
    fill(random, b, table.lanes);
    fill(random, c, table.lanes);
    op(a, b, c, y);
    for (int i = 0; i < table.lanes; ++i) {
      const volatile float product = sign * a[i] * b[i];
      const float once = std::fma(sign * a[i], b[i], c[i]), twice = product + c[i];
      CHECK(equal(y[i], once) || equal(y[i], twice), "%s(%g, %g, %g) = %g, expected %g", name, a[i], b[i], c[i], y[i], once);
    }
  }
}

ISA_TEST(vec_unary) {
  const VecProbe& probe = probe_of(table.isa);
  CHECK(probe.lanes == table.lanes, "probe has %d lanes, table %d", probe.lanes, table.lanes);
  check_unary(table, "Neg", probe.Neg, [](float a) { return -a; });
  check_unary(table, "Abs", probe.Abs, [](float a) { return std::fabs(a); });
  check_unary(table, "Sqrt", probe.Sqrt, [](float a) { return std::sqrt(a); });
  check_unary(table, "Round", probe.Round, [](float a) { return std::nearbyint(a); });
  check_unary(table, "Prefetch, IM2COL_PIN", probe.PinAndPrefetch, [](float a) { return a; });
}

ISA_TEST(vec_binary) {
  const VecProbe& probe = probe_of(table.isa);
  check_binary(table, "Add", probe.Add, [](float a, float b, float y) { return equal(y, a + b); });
  check_binary(table, "Sub", probe.Sub, [](float a, float b, float y) { return equal(y, a - b); });
  check_binary(table, "Mul", probe.Mul, [](float a, float b, float y) { return equal(y, a * b); });
  check_binary(table, "Div", probe.Div, [](float a, float b, float y) { return equal(y, a / b); });
  check_binary(table, "CopySign", probe.CopySign, [](float a, float b, float y) { return equal(y, std::copysign(a, b)); });
  check_binary(table, "Max", probe.Max, [](float a, float b, float y) {
    if (std::isnan(b)) return std::isnan(y);
    if (std::isnan(a)) return std::isnan(y) || same_bits(y, b);
    return y == (a > b ? a : b);
  });
  check_binary(table, "Min", probe.Min, [](float a, float b, float y) {
    if (std::isnan(b)) return std::isnan(y);
    if (std::isnan(a)) return std::isnan(y) || same_bits(y, b);
    return y == (a < b ? a : b);
  });
  check_binary(table, "MaxNaN", probe.MaxNaN, [](float a, float b, float y) {
    return std::isnan(a) || std::isnan(b) ? std::isnan(y) : y == (a > b ? a : b);
  });
}

ISA_TEST(vec_multiply_add) {
  const VecProbe& probe = probe_of(table.isa);
  check_multiply_add(table, "MulAdd", probe.MulAdd, 1);
  check_multiply_add(table, "NegMulAdd", probe.NegMulAdd, -1);
}

ISA_TEST(vec_compare) {
  const VecProbe& probe = probe_of(table.isa);
  const struct {
    const char* name;
    void (*op)(const float*, const float*, bool*);
    bool (*expected)(float, float);
  } kOps[] = {
      {"Eq", probe.Eq, [](float a, float b) { return a == b; }}, {"Ne", probe.Ne, [](float a, float b) { return a != b; }},
      {"Lt", probe.Lt, [](float a, float b) { return a < b; }},  {"Le", probe.Le, [](float a, float b) { return a <= b; }},
      {"Gt", probe.Gt, [](float a, float b) { return a > b; }},  {"Ge", probe.Ge, [](float a, float b) { return a >= b; }},
  };
  Random random;
  float a[kMaxLanes], b[kMaxLanes], c[kMaxLanes], d[kMaxLanes];
  bool y[kMaxLanes], both[kMaxLanes], either[kMaxLanes];
  for (int round = 0; round < kRounds; ++round) {
    for (float* lanes : {a, b, c, d}) fill(random, lanes, table.lanes);
    a[0] = b[0];
    for (const auto& op : kOps) {
      op.op(a, b, y);
      for (int i = 0; i < table.lanes; ++i) CHECK(y[i] == op.expected(a[i], b[i]), "%s(%g, %g)", op.name, a[i], b[i]);
    }
    probe.IsNaN(a, y);
    probe.AndOr(a, b, c, d, both, either);
    for (int i = 0; i < table.lanes; ++i) {
      CHECK(y[i] == std::isnan(a[i]), "IsNaN(%g)", a[i]);
      CHECK(both[i] == (a[i] < b[i] && c[i] < d[i]), "And");
      CHECK(either[i] == (a[i] < b[i] || c[i] < d[i]), "Or");
    }
  }
  for (int n = 0; n <= table.lanes; ++n) {
    probe.FirstN(n, y);
    for (int i = 0; i < table.lanes; ++i) CHECK(y[i] == (i < n), "FirstN(%d) lane %d", n, i);
  }
}

ISA_TEST(vec_memory) {
  const VecProbe& probe = probe_of(table.isa);
  const size_t lanes = static_cast<size_t>(table.lanes);
  Random random;
  float y[kMaxLanes];

  Guarded whole(lanes);
  whole.fill(random, -1, 1);
  probe.Load(whole.data(), y);
  CHECK(std::memcmp(y, whole.data(), lanes * sizeof(float)) == 0, "Load");
  Guarded stored(lanes);
  probe.Store(y, stored.data());
  CHECK(std::memcmp(y, stored.data(), lanes * sizeof(float)) == 0, "Store");

  for (const auto side : {Guarded::kEnd, Guarded::kStart}) {
    for (int n = 0; n <= table.lanes; ++n) {
      Guarded source(static_cast<size_t>(n), side), destination(static_cast<size_t>(n), side);
      source.fill(random, -1, 1);
      probe.LoadN(source.data(), n, y);
      for (int i = 0; i < table.lanes; ++i) {
        CHECK(same_bits(y[i], i < n ? source[static_cast<size_t>(i)] : 0.0f), "LoadN(%d) lane %d", n, i);
      }
      probe.StoreN(whole.data(), destination.data(), n);
      CHECK(std::memcmp(destination.data(), whole.data(), static_cast<size_t>(n) * sizeof(float)) == 0, "StoreN(%d)", n);

      Guarded wider(lanes);
      probe.StoreN(whole.data(), wider.data(), n);
      CHECK(wider.untouched(static_cast<size_t>(n), lanes - static_cast<size_t>(n)), "StoreN(%d) wrote beyond", n);
    }
  }

  Guarded quarter(lanes / 4);
  uint8_t* bytes = reinterpret_cast<uint8_t*>(quarter.data());
  int32_t ints[kMaxLanes];
  for (size_t i = 0; i < lanes; ++i) bytes[i] = static_cast<uint8_t>(37 * i + 200);
  probe.LoadBytes(bytes, ints);
  for (size_t i = 0; i < lanes; ++i) CHECK(ints[i] == bytes[i], "LoadBytes lane %zu: %d", i, ints[i]);

  probe.Zero(y);
  for (size_t i = 0; i < lanes; ++i) CHECK(same_bits(y[i], 0.0f), "Zero");
  probe.Set(2.5f, y);
  for (size_t i = 0; i < lanes; ++i) CHECK(y[i] == 2.5f, "Set");
}

ISA_TEST(vec_integers) {
  const VecProbe& probe = probe_of(table.isa);
  Random random;
  int32_t a[kMaxLanes], b[kMaxLanes], y[kMaxLanes];
  float f[kMaxLanes];
  for (int round = 0; round < kRounds; ++round) {
    for (int i = 0; i < table.lanes; ++i) {
      a[i] = static_cast<int32_t>(random.bits());
      b[i] = static_cast<int32_t>(random.bits());
    }
    const auto unsigned_of = [](int32_t i) { return static_cast<uint32_t>(i); };
    probe.AddInt(a, b, y);
    for (int i = 0; i < table.lanes; ++i) CHECK(unsigned_of(y[i]) == unsigned_of(a[i]) + unsigned_of(b[i]), "Add");
    probe.SubInt(a, b, y);
    for (int i = 0; i < table.lanes; ++i) CHECK(unsigned_of(y[i]) == unsigned_of(a[i]) - unsigned_of(b[i]), "Sub");
    probe.ShiftLeft3(a, y);
    for (int i = 0; i < table.lanes; ++i) CHECK(unsigned_of(y[i]) == unsigned_of(a[i]) << 3, "ShiftLeft");
    probe.ShiftRight3(a, y);
    for (int i = 0; i < table.lanes; ++i) CHECK(y[i] == a[i] >> 3, "ShiftRight");
    probe.ConvertToFloat(a, f);
    for (int i = 0; i < table.lanes; ++i) CHECK(f[i] == static_cast<float>(a[i]), "ConvertToFloat(%d) = %g", a[i], f[i]);
    probe.SetInt(a[0], y);
    for (int i = 0; i < table.lanes; ++i) CHECK(y[i] == a[0], "SetInt");
  }
}

ISA_TEST(vec_across_lanes) {
  const VecProbe& probe = probe_of(table.isa);
  Random random;
  const int lanes = table.lanes;
  float a[kMaxLanes];
  for (int round = 0; round < kRounds; ++round) {
    float halves[kMaxLanes], largest = -kInfinity;
    for (int i = 0; i < lanes; ++i) {
      halves[i] = a[i] = random.uniform(-1, 1);
      largest = std::fmax(largest, a[i]);
    }
    for (int half = lanes / 2; half >= 1; half /= 2) {
      for (int i = 0; i < half; ++i) halves[i] += halves[i + half];
    }
    const float sum = probe.ReduceSum(a);
    CHECK(sum == halves[0], "ReduceSum: %.9g, expected %.9g", sum, halves[0]);
    CHECK(probe.ReduceMax(a) == largest, "ReduceMax");
  }

  for (int round = 0; round < kRounds; ++round) {
    float a[kMaxLanes], b[kMaxLanes], lower[kMaxLanes], upper[kMaxLanes], looked_up[kMaxLanes];
    int32_t index[kMaxLanes];
    fill(random, a, lanes);
    fill(random, b, lanes);
    for (int i = 0; i < lanes; ++i) index[i] = static_cast<int32_t>(random.integer(0, lanes - 1));
    probe.InterleaveWhole(a, b, lower, upper);
    probe.TableLookupLanes(a, index, looked_up);
    for (int i = 0; i < 2 * lanes; ++i) {
      const float y = i < lanes ? lower[i] : upper[i - lanes], expected = i % 2 == 0 ? a[i / 2] : b[i / 2];
      CHECK(equal(y, expected), "InterleaveWhole: %d is %g, expected %g", i, y, expected);
    }
    for (int i = 0; i < lanes; ++i) CHECK(equal(looked_up[i], a[index[i]]), "TableLookupLanes: lane %d", i);
  }

  float b[kMaxLanes];
  for (int i = 0; i < lanes; ++i) a[i] = static_cast<float>(i), b[i] = -a[i] - 1;
  for (int k = 1; k < lanes; k *= 2) {
    float swapped[kMaxLanes], blended[kMaxLanes];
    probe.SwapLanes(k, a, swapped);
    for (int i = 0; i < lanes; ++i) CHECK(swapped[i] == static_cast<float>(i ^ k), "SwapLanes<%d> at %d", k, i);
    probe.BlendLanes(k, a, b, blended);
    for (int i = 0; i < lanes; ++i) CHECK(blended[i] == (i & k ? b[i] : a[i]), "BlendLanes<%d> at %d", k, i);
  }

  std::vector<float> matrix(static_cast<size_t>(lanes * lanes)), transposed(matrix.size());
  for (size_t i = 0; i < matrix.size(); ++i) matrix[i] = static_cast<float>(i);
  probe.Transpose(matrix.data(), transposed.data());
  for (int i = 0; i < lanes; ++i) {
    for (int j = 0; j < lanes; ++j) {
      CHECK(transposed[static_cast<size_t>(i * lanes + j)] == static_cast<float>(j * lanes + i), "Transpose at (%d, %d)", i, j);
    }
  }
}

}  // namespace
}  // namespace im2col::test
