// Arguments of the kernels: plain structs shared by every ISA and by the ops that call them. Counts are in elements.
#pragma once

#include <cstddef>
#include <cstdint>

namespace im2col {

enum class ActivationKind : int32_t {
  kNone, kRelu, kClamp, kLeakyRelu, kElu, kSelu, kCelu, kSigmoid, kHardSigmoid, kTanh, kSilu, kHardSwish, kGelu, kGeluTanh,
  kMish, kSoftplus, kSoftsign,
};

// alpha: lower bound (clamp), negative slope (leaky ReLU), alpha (ELU, CELU), beta (softplus); beta: upper bound (clamp).
struct Activation {
  ActivationKind kind = ActivationKind::kNone;
  float alpha = 0;
  float beta = 0;
};

inline constexpr int kMaxTilePixels = 14;
inline constexpr int kMaxPanelVectors = 4;

// One tile of the implicit GEMM, see gemm.inl.h. Offsets have one entry for each pixel.
struct GemmTile {
  const float* input;
  const ptrdiff_t* input_offsets;
  const ptrdiff_t* run_offsets;  // run_count entries
  int64_t run_count;
  int64_t run_length;
  const float* weights;          // [run_count * run_length][panel_vectors * lanes]
  const float* bias;             // panel_vectors * lanes, never null
  float* output;                 // the panel's first channel
  const ptrdiff_t* output_offsets;
  const float* residual;         // or null
  const ptrdiff_t* residual_offsets;
  int pixels;                    // 1 .. max_pixels[panel_vectors - 1]
  int panel_vectors;             // 1 .. kMaxPanelVectors
  int channels;                  // how many of the panel's channels exist
  Activation activation;
  const float* prefetch;         // memory to be read soon, touched a step at a time for each k; any address when the step is 0
  int64_t prefetch_step;
};

// One tile of Winograd's input transform, see winograd.inl.h; t = outputs + 2.
struct WinogradInput {
  int outputs;                 // m: 2 or 4
  const float* const* pixels;  // t * t input pixels row by row, channel 0; a row of zeros for those outside of the image
  float* transformed;          // [t * t][transformed_stride]
  ptrdiff_t transformed_stride;
  int64_t channels;
};

// One tile of Winograd's output transform. Products and bias have whole vectors of channels.
struct WinogradOutput {
  int outputs;            // m: 2 or 4
  const float* products;  // [t * t][products_stride]
  ptrdiff_t products_stride;
  const float* bias;
  float* output;          // the tile's first pixel
  ptrdiff_t output_row;   // between rows of the image
  ptrdiff_t output_pixel;
  const float* residual;  // or null
  ptrdiff_t residual_row;
  ptrdiff_t residual_pixel;
  int rows;               // how much of the tile lies in the image, 1 .. m
  int columns;
  int64_t channels;
  Activation activation;
};

// One output row segment of a depthwise convolution, see depthwise.inl.h. Taps are (kz, ky, kx) flattened.
struct DepthwiseRow {
  const float* input;            // pixel 0, tap offset 0
  ptrdiff_t pixel_stride;        // between the inputs of neighbouring output pixels (stride w * input pixel stride)
  const ptrdiff_t* tap_offsets;  // tap_count entries
  int64_t tap_count;
  const float* weights;          // [tap_count][channels]
  const float* bias;             // [channels], never null
  float* output;
  ptrdiff_t output_stride;       // between neighbouring output pixels
  const float* residual;         // or null
  ptrdiff_t residual_stride;
  int64_t pixels;
  int64_t channels;
  Activation activation;
};

// One output pixel of a max or average pooling over `tap_count` input pixels, for all channels.
struct PoolWindow {
  const float* const* taps;  // input pixels inside the image, channel 0
  int64_t tap_count;         // at least 1
  float scale;               // average: 1 / divisor; unused by max
  float* output;
  int64_t channels;
};

// y[i] = act(x[i] * scale[i] + shift[i] + residual[i]) over the channels of `pixels` pixels.
struct AffineRow {
  const float* input;
  ptrdiff_t input_stride;
  const float* scale;  // [channels]; null means 1
  const float* shift;  // [channels]; null means 0
  const float* residual;  // or null
  ptrdiff_t residual_stride;
  float* output;
  ptrdiff_t output_stride;
  int64_t pixels;
  int64_t channels;
  Activation activation;
};

// y[i] = act(a[i] * b[i] + residual[i]) over the channels of `pixels` pixels.
struct MultiplyRow {
  const float* a;
  ptrdiff_t a_stride;
  const float* b;
  ptrdiff_t b_stride;  // 0: the same for all pixels
  bool b_is_scalar;    // one number for all channels of a pixel
  const float* residual;  // or null
  ptrdiff_t residual_stride;
  float* output;
  ptrdiff_t output_stride;
  int64_t pixels;
  int64_t channels;
  Activation activation;
};

// y[c] = x[c] where x[c] > 0, else slope[c] * x[c].
struct PreluRow {
  const float* input;
  ptrdiff_t input_stride;
  const float* slope;  // [channels]
  float* output;
  ptrdiff_t output_stride;
  int64_t pixels;
  int64_t channels;
};

// y[c] = (x[c] - mean) / sqrt(variance + eps) * weight[c] + bias[c] with the mean and the variance of each pixel's channels.
struct LayerNormRow {
  const float* input;
  ptrdiff_t input_stride;
  const float* weight;  // [channels]
  const float* bias;    // [channels]
  float* output;
  ptrdiff_t output_stride;
  int64_t pixels;
  int64_t channels;
  float eps;
};

// y[c] = softmax, or its logarithm, over the channels of each pixel.
struct SoftmaxRow {
  const float* input;
  ptrdiff_t input_stride;
  float* output;
  ptrdiff_t output_stride;
  int64_t pixels;
  int64_t channels;
};

// y[c] = x[c] / (k + alpha / size * sum of x[c']^2 over the window of `size` channels around c)^beta (PyTorch's definition).
struct LocalResponseNormRow {
  const float* input;
  ptrdiff_t input_stride;
  float* output;
  ptrdiff_t output_stride;
  int64_t pixels;
  int64_t channels;
  int64_t size;
  float alpha, beta, k;
};

// A rows x columns matrix written transposed: destination[c * destination_stride + r] = source[r * source_stride + c].
struct TransposeBlock {
  const float* source;
  ptrdiff_t source_stride;
  float* destination;
  ptrdiff_t destination_stride;
  int64_t rows;
  int64_t columns;
};

// A weighted sum of rows of bytes: output[i] = sum over t of weights[t] * source[t * source_stride + i].
struct ResampleRows {
  const uint8_t* source;
  ptrdiff_t source_stride;
  const float* weights;  // [tap_count]
  int64_t tap_count;
  float* output;
  int64_t size;
};

inline constexpr int kMaxPictureChannels = 4;

// Weighted sums along `pixels` pixels of as many rows as a vector has lanes, and a linear map of their channels:
//
//   sums[s] = sum over t of weights[p][t] * input[(first[p] + t) * source_channels + s]
//   output[p * channels + c] = shift[c] + sum over s of matrix[c][s] * sums[s]
//
// where an element of input and output is one float32 of each row.
struct ResampleColumns {
  const float* input;        // [source pixels * source_channels][lanes], aligned to a vector
  const int32_t* first;      // [pixels]
  const int32_t* tap_count;  // [pixels]
  const float* weights;      // [pixels][weight_stride]
  int64_t weight_stride;
  int64_t pixels;
  int source_channels;  // 1 .. kMaxPictureChannels
  int channels;         // 1 .. kMaxPictureChannels
  const float* matrix;  // [channels][source_channels]
  const float* shift;   // [channels]
  float* output;        // [pixels * channels][lanes], aligned to a vector
};

// Runs `iterations` rounds of independent multiply-adds on registers; writes how many floating-point operations one
// round has and a value that depends on all of them.
struct FmaPeak {
  int64_t iterations;
  int64_t* flops_per_iteration;
  float* result;
};

}  // namespace im2col
