// Arguments of the kernels: plain structs shared by every ISA and by the ops that call them. Counts are in elements.
#pragma once

#include <cstddef>
#include <cstdint>

#include "winograd_forms.h"

namespace im2col {

enum class ActivationKind : int32_t {
  kNone, kRelu, kClamp, kLeakyRelu, kElu, kSelu, kCelu, kSigmoid, kHardSigmoid, kTanh, kSilu, kHardSwish, kGelu, kGeluTanh,
  kMish, kSoftplus, kSoftsign, kAbs, kExp, kSqrt, kLinear,
};

// alpha: lower bound (clamp), negative slope (leaky ReLU), alpha (ELU, CELU), beta (softplus),
// factor (linear); beta: upper bound (clamp), summand (linear).
struct Activation {
  ActivationKind kind = ActivationKind::kNone;
  float alpha = 0;
  float beta = 0;
};

// How many outputs dot_products_f32 computes together, at most.
inline constexpr int kMaxDotOutputs = 4;

// Dot products of the inputs of pixels with a few rows of weights, see dot_products.inl.h. Offsets have one entry for each pixel.
struct DotProducts {
  const float* input;
  const ptrdiff_t* input_offsets;
  const ptrdiff_t* run_offsets;  // run_count entries
  int64_t run_count;
  int64_t run_length;
  const float* weights;          // [run_count][run_length in vectors][outputs][lanes], zero behind a run; aligned to a vector
  const float* bias;             // [outputs]
  float* output;                 // the first of the outputs
  const ptrdiff_t* output_offsets;
  const float* residual;         // or null
  const ptrdiff_t* residual_offsets;
  int64_t pixels;                // any number
  int outputs;                   // 1 .. kMaxDotOutputs
  Activation activation;
};

inline constexpr int kMaxTilePixels = 14;
inline constexpr int kMaxPanelVectors = 4;
inline constexpr int kMaxTilePanels = 4;

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
  int channels;                  // how many of the panels' channels exist: all but some of the last vector
  Activation activation;
  const float* prefetch;         // memory to be read soon, touched a step at a time for each k; any address when the step is 0
  int64_t prefetch_step;
  // Panels of consecutive channels, at most min(kMaxTilePanels, max_pixels); more than one for one pixel alone.
  int panels = 1;
};

// One tile of Winograd's input transform, see winograd.inl.h; for two axes pixels and values are t x t, for one axis t.
struct WinogradInput {
  int form;                      // index into kWinogradForms
  const float* const* pixels;    // column by column, channel 0; a row of zeros for those outside of the image
  float* transformed;            // [values][transformed_stride], row by row
  ptrdiff_t transformed_stride;
  int64_t channels;
  const float* const* prefetch;  // pixels that are read soon
  int prefetch_count;
};

// What Winograd's transformed tiles are multiplied with at one value, see winograd_product.inl.h.
struct WinogradProducts {
  const float* values;    // [tiles][tile_stride]
  ptrdiff_t tile_stride;
  int64_t tiles;          // at least 1
  int64_t channels;
  const float* weights;   // [channels][panel_vectors * lanes], aligned to a vector
  int panel_vectors;      // 1 .. kMaxPanelVectors
  float* products;        // [tiles][product_stride]
  ptrdiff_t product_stride;
  const float* prefetch;  // what is needed next
  int64_t prefetch_size;  // elements, 0: nothing
  bool distant = false;   // whether it has to arrive from memory, which delivers several streams faster than one
};

// One tile of Winograd's output transform. Products and bias have whole vectors of channels.
struct WinogradOutput {
  int form;               // index into kWinogradForms
  const float* products;  // [values][products_stride]
  ptrdiff_t products_stride;
  const float* bias;
  float* output;          // the tile's first pixel
  ptrdiff_t output_row;   // between the tile's rows
  ptrdiff_t output_pixel;
  const float* residual;  // or null
  ptrdiff_t residual_row;
  ptrdiff_t residual_pixel;
  int rows;               // how much of the tile lies in the image, 1 .. m; 1 for one axis
  int columns;
  int64_t channels;
  Activation activation;
};

// How many pixels of a row depthwise_f32 computes together, at most.
inline constexpr int kMaxDepthwisePixels = 7;
// In place of the offset of a row that is known to be zero.
inline constexpr ptrdiff_t kRowOfZeros = PTRDIFF_MIN;

// Output rows of a depthwise convolution, see depthwise.inl.h. Kernel rows are (kz, ky) flattened. Kernel row i of output row
// r reads the input at row_offsets[r * row_step + i], so where rows share inputs row_step is the stride, and rows may lie
// in a ring; where they share none row_step is kernel_rows. What is known to be zero may be left out: input rows by
// kRowOfZeros in place of an offset, input columns by the bounds of those that are not.
struct DepthwiseRows {
  const float* input;            // under pixel 0 and kernel column 0, before row_offsets
  const ptrdiff_t* row_offsets;  // (rows - 1) * row_step + kernel_rows entries
  int64_t row_step;
  ptrdiff_t pixel_stride;        // between the inputs of neighbouring output pixels
  ptrdiff_t column_stride;       // between the inputs of neighbouring kernel columns
  int64_t kernel_rows;
  int64_t kernel_columns;
  int64_t first_column;      // input columns outside of [first_column, last_column) are zeros, counted in steps of
  int64_t last_column;       // column_stride, which divides pixel_stride, from `input` on; all hold data when both are 0
  const float* weights;          // [vector of channels][1 + kernel_rows * kernel_columns][lanes], the first is the bias; aligned to a vector
  float* output;
  ptrdiff_t output_row;          // between neighbouring output rows
  ptrdiff_t output_pixel;
  const float* residual;         // or null
  ptrdiff_t residual_row;
  ptrdiff_t residual_pixel;
  int64_t rows;
  int64_t pixels;                // of a row
  int64_t channels;
  Activation activation;
};

// Some output pixels of a grouped convolution, for one vector of channels, see grouped.inl.h. Taps are (kz, ky, kx) flattened;
// pixel offsets have one entry for each pixel.
struct GroupedPixels {
  const float* input;              // tap offset 0, first channel of the group (of the first one that lies in the vector)
  const ptrdiff_t* input_offsets;
  const ptrdiff_t* tap_offsets;    // tap_count entries
  int64_t tap_count;
  int64_t group_channels;          // of input and of output: 2, 4, 8 or 16
  const float* weights;            // [tap_count][group_channels][lanes]
  const float* bias;               // lanes, never null
  float* output;                   // the vector's first channel
  const ptrdiff_t* output_offsets;
  const float* residual;           // or null
  const ptrdiff_t* residual_offsets;
  int64_t pixels;
  int channels;                    // of the vector that exist: whole groups
  Activation activation;
};

// Output pixels of a row of a pooling over `tap_count` input pixels each, for all channels. Windows of
// neighbours lie `input_stride` apart.
struct PoolWindows {
  const float* const* taps;  // input pixels of the first window, all inside the image, channel 0
  int64_t tap_count;         // at least 1
  ptrdiff_t input_stride;
  float scale;               // average and mixed: 1 / divisor; p-norm: multiplies the sum; else unused
  float* output;
  ptrdiff_t output_stride;   // between pixels
  int64_t pixels;
  int64_t channels;
  float p = 0;               // p-norm: the exponent; mixed: the share of the maximum; else unused
};

// The number of the largest of `tap_count` input pixels, for all channels.
struct NumberedTaps {
  const float* const* taps;  // channel 0
  const float* numbers;      // [tap_count]
  int64_t tap_count;         // at least 1
  float* output;
  int64_t channels;
};

// output[c] = sum of weights[t] * taps[t][c] over `tap_count` pixels.
struct WeightedSum {
  const float* const* taps;  // channel 0 of each pixel
  const float* weights;      // [tap_count]
  int64_t tap_count;         // at least 1
  float* output;
  int64_t channels;
};

// One output pixel of an involution, for all channels; every group of channels has a weight for each tap.
struct InvolutionPixel {
  const float* const* taps;  // channel 0 of each pixel
  int64_t tap_count;         // at least 1
  const float* weights;      // [channels / group_channels][tap_count]
  float* output;
  int64_t channels;
  int64_t group_channels;    // divides the channels
};

// Products of one pixel of an image with `count` pixels of another.
struct CorrelationRow {
  const float* a;
  const float* b;            // the first of its pixels
  ptrdiff_t b_stride;        // between them
  int64_t count;
  float* output;             // [count], added to
  int64_t channels;
  float scale;
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

// a o b. The last word of a name says what a is to b where the order matters: kSubtractFrom is b - a, kPowerOf is b^a.
enum class BinaryOperator : int32_t {
  kAdd, kSubtract, kSubtractFrom, kMultiply, kDivide, kDivideInto, kMaximum, kMinimum, kPower, kPowerOf,
};

// y[i] = act(a[i] o b[i] + residual[i]) over the channels of `pixels` pixels.
struct BinaryRow {
  BinaryOperator op;
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

// A panel of weights whose input channels are weighed, see scale_panel.inl.h.
struct ScaledPanel {
  const float* weights;  // [channels][vectors * lanes], aligned to a vector
  const float* scale;    // [channels]
  float* output;         // as the weights
  int64_t channels;
  int vectors;
};

// One step of an LSTM or a GRU, see recurrent.inl.h.
struct RecurrentCell {
  const float* x_gates;     // [4 or 3][size]
  const float* h_gates;     // likewise
  const float* h_previous;  // [size]; GRU only
  const float* c_previous;  // [size]; LSTM only
  float* h;                 // [size]
  float* c;                 // [size]; LSTM only
  int64_t size;
};

enum class ReductionKind : int32_t { kSum, kSumOfAbsolutes, kSumOfSquares, kProduct, kMax, kMin };

// What `pixels` pixels add to a running reduction of each channel.
struct ReduceRows {
  ReductionKind kind;   // square_distances_f32: unused
  const float* input;
  ptrdiff_t input_stride;
  int64_t pixels;
  int64_t channels;
  const float* center;  // [channels], for square_distances_f32 only
  float* output;        // [channels], read and written
};

// The channels of each pixel reduced to one number.
struct ReduceChannels {
  ReductionKind kind;
  const float* input;
  ptrdiff_t input_stride;
  int64_t pixels;
  int64_t channels;
  float* output;
  ptrdiff_t output_stride;
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

inline constexpr int kMaxInterleaved = 8;

// True for the numbers of sources that interleave_f32 takes.
constexpr bool can_interleave(int64_t sources) { return sources == 2 || sources == 3 || sources == 4 || sources == 8; }

// y[p][c * source_count + s] = x[s][p][c] over `channels` channels of each source.
struct InterleaveRow {
  const float* sources[kMaxInterleaved];
  ptrdiff_t source_strides[kMaxInterleaved];  // between pixels
  int source_count;                           // can_interleave
  float* output;
  ptrdiff_t output_stride;
  int64_t pixels;
  int64_t channels;
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
//   output[p * channels + c] = shift[c] + sum over s of matrix[c][s] * clamp(sums[s], least, most)
//
// where an element of input and output is one float32 of each row.
struct ResampleColumns {
  const float* input;        // [source pixels * source_channels][lanes], aligned to a vector
  const int32_t* first;      // [pixels]
  const int32_t* tap_count;  // [pixels]
  const float* weights;      // [pixels][weight_stride]
  int64_t weight_stride;
  float least;
  float most;
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

// Reads `count` floats in order and writes their sum, so that no read is left out.
struct ReadPeak {
  const float* data;
  int64_t count;
  float* sum;
};

}  // namespace im2col
