// The SIMD wrapper of one ISA behind plain functions on arrays of `lanes` elements, so that tests can reach it.
#pragma once

#include <cstdint>

#include "../kernels/kernel_types.h"

namespace im2col::test {

struct VecProbe {
  int lanes;

#define UNARY(op) void (*op)(const float* a, float* y);
#define BINARY(op) void (*op)(const float* a, const float* b, float* y);
#define TERNARY(op) void (*op)(const float* a, const float* b, const float* c, float* y);
#define COMPARE(op) void (*op)(const float* a, const float* b, bool* y);
#define INTEGER(op) void (*op##Int)(const int32_t* a, const int32_t* b, int32_t* y);
#include "vec_ops.inc"
#undef UNARY
#undef BINARY
#undef TERNARY
#undef COMPARE
#undef INTEGER

  void (*IsNaN)(const float* a, bool* y);
  void (*FirstN)(int n, bool* y);
  // (a < b and c < d) and (a < b or c < d), by lane
  void (*AndOr)(const float* a, const float* b, const float* c, const float* d, bool* both, bool* either);
  void (*Zero)(float* y);
  void (*Set)(float x, float* y);
  void (*SetInt)(int32_t x, int32_t* y);
  void (*Load)(const float* p, float* y);
  void (*LoadN)(const float* p, int n, float* y);
  void (*LoadBytes)(const uint8_t* p, int32_t* y);
  void (*Store)(const float* a, float* p);
  void (*StoreN)(const float* a, float* p, int n);
  void (*ShiftLeft3)(const int32_t* a, int32_t* y);
  void (*ShiftRight3)(const int32_t* a, int32_t* y);
  void (*ConvertToFloat)(const int32_t* a, float* y);
  float (*ReduceSum)(const float* a);
  float (*ReduceMax)(const float* a);
  void (*InterleaveWhole)(const float* a, const float* b, float* lower, float* upper);
  void (*TableLookupLanes)(const float* a, const int32_t* index, float* y);
  void (*SwapLanes)(int k, const float* a, float* y);
  void (*BlendLanes)(int k, const float* a, const float* b, float* y);
  void (*Transpose)(const float* a, float* y);  // lanes x lanes
  void (*PinAndPrefetch)(const float* a, float* y);  // y = a
  void (*activate)(const float* a, const Activation& activation, float* y);
};

// The probe of a runnable ISA.
const VecProbe& probe_of(const char* isa);

}  // namespace im2col::test
