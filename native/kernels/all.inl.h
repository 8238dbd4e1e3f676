// Everything that an ISA compiles besides its vector wrapper.
#include "../simd/math.inl.h"

#include "epilogue.inl.h"

#include "activate_rows.inl.h"
#include "affine.inl.h"
#include "avg_pool.inl.h"
#include "depthwise.inl.h"
#include "fma_peak.inl.h"
#include "gemm.inl.h"
#include "local_response_norm.inl.h"
#include "max_pool.inl.h"
#include "resample_columns.inl.h"
#include "resample_rows.inl.h"
#include "softmax.inl.h"
#include "transpose.inl.h"
#include "winograd.inl.h"
