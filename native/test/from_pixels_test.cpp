// fromPixels against its definition, pixel by pixel in double precision.
#include "../ops/from_pixels.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "../runtime/thread_pool.h"
#include "reference.h"
#include "test.h"

namespace im2col::test {
namespace {

// The triangle, or the cubic that is 1 - 2.5 x^2 + 1.5 x^3 up to 1 and 2 - 4 x + 2.5 x^2 - 0.5 x^3 from there to 2.
double filter_of(double x, bool bicubic) {
  if (!bicubic) return std::max(0.0, 1 - x);
  if (x < 1) return 1 - 2.5 * x * x + 1.5 * x * x * x;
  return x < 2 ? 2 - 4 * x + 2.5 * x * x - 0.5 * x * x * x : 0;
}

// The weight of every source position for output `i` of an axis resampled to `resized`.
std::vector<double> weights_of(int64_t source, int64_t resized, int64_t i, bool bicubic) {
  const double ratio = static_cast<double>(source) / static_cast<double>(resized);
  const double growth = std::max(ratio, 1.0);
  const double center = (static_cast<double>(i) + 0.5) * ratio;
  std::vector<double> weights(static_cast<size_t>(source));
  double sum = 0;
  for (int64_t x = 0; x < source; ++x) {
    const double weight = filter_of(std::abs(static_cast<double>(x) + 0.5 - center) / growth, bicubic);
    weights[static_cast<size_t>(x)] = weight;
    sum += weight;
  }
  for (double& weight : weights) weight /= sum;
  return weights;
}

// A picture and what is asked for, of sizes in [1, largest]; sometimes long and narrow, sometimes the same size.
struct Problem {
  Problem(Random& random, int64_t largest) {
    source.width = random.integer(1, largest);
    source.height = random.integer(1, largest);
    source.channels = random.integer(1, kMaxPictureChannels);
    source.size = source.width * source.height * source.channels;
    transform.resized_width = random.integer(0, 4) == 0 ? source.width : random.integer(1, largest);
    transform.resized_height = random.integer(0, 4) == 0 ? source.height : random.integer(1, largest);
    transform.width = random.integer(1, largest);
    transform.height = random.integer(1, largest);
    transform.left = random.integer(-transform.width, transform.resized_width);
    transform.top = random.integer(-transform.height, transform.resized_height);
    transform.channels = random.integer(1, kMaxPictureChannels);
    transform.channels_first = random.integer(0, 1) == 1;
    transform.bicubic = random.integer(0, 1) == 1;
    bytes.resize(static_cast<size_t>(source.size));
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random.bits());
    source.data = bytes.data();
    for (int64_t i = 0; i < transform.channels; ++i) {
      transform.shift.push_back(random.uniform(-1, 1));
      transform.pad.push_back(random.uniform(-1, 1));
      for (int64_t s = 0; s < source.channels; ++s) transform.matrix.push_back(random.uniform(-1, 1));
    }
  }

  size_t output_size() const { return static_cast<size_t>(transform.width * transform.height * transform.channels); }

  std::vector<uint8_t> bytes;
  PixelSource source;
  PixelTransform transform;
};

size_t index_of(const PixelTransform& t, int64_t y, int64_t x, int64_t c) {
  return static_cast<size_t>(t.channels_first ? (c * t.height + y) * t.width + x : (y * t.width + x) * t.channels + c);
}

void check_pixel(const Problem& problem, int64_t y, int64_t x, const float* output) {
  const PixelSource& source = problem.source;
  const PixelTransform& t = problem.transform;
  const int64_t resized_y = y + t.top;
  const int64_t resized_x = x + t.left;
  const bool shown = resized_y >= 0 && resized_y < t.resized_height && resized_x >= 0 && resized_x < t.resized_width;
  std::vector<double> sums(static_cast<size_t>(source.channels));
  if (shown) {
    const std::vector<double> rows = weights_of(source.height, t.resized_height, resized_y, t.bicubic);
    const std::vector<double> columns = weights_of(source.width, t.resized_width, resized_x, t.bicubic);
    for (int64_t i = 0; i < source.size; ++i) {
      const int64_t pixel = i / source.channels;
      sums[static_cast<size_t>(i % source.channels)] += rows[static_cast<size_t>(pixel / source.width)] *
                                                        columns[static_cast<size_t>(pixel % source.width)] *
                                                        problem.bytes[static_cast<size_t>(i)];
    }
  }
  if (t.bicubic) {
    for (double& sum : sums) sum = std::min(std::max(sum, 0.0), 255.0);
  }
  for (int64_t c = 0; c < t.channels; ++c) {
    const float got = output[index_of(t, y, x, c)];
    if (!shown) {
      CHECK(got == t.pad[static_cast<size_t>(c)], "padding: %g, expected %g", got, t.pad[static_cast<size_t>(c)]);
      continue;
    }
    double expected = t.shift[static_cast<size_t>(c)];
    double magnitude = std::abs(expected);
    for (int64_t s = 0; s < source.channels; ++s) {
      const double term = t.matrix[static_cast<size_t>(c * source.channels + s)] * sums[static_cast<size_t>(s)];
      expected += term;
      // What both passes of a cubic filter round adds up to more than the sum.
      magnitude += (t.bicubic ? 2.5 : 1.0) * 255 * std::abs(t.matrix[static_cast<size_t>(c * source.channels + s)]);
    }
    const int64_t roundings = 2 * (source.height + source.width + source.channels) + 4;
    CHECK(std::abs(got - expected) <= tolerance(roundings, magnitude),
          "%lld x %lld x %lld to %lld x %lld, window %lld x %lld at (%lld, %lld): %g at (%lld, %lld, %lld), expected %g",
          static_cast<long long>(source.width), static_cast<long long>(source.height),
          static_cast<long long>(source.channels), static_cast<long long>(t.resized_width),
          static_cast<long long>(t.resized_height), static_cast<long long>(t.width), static_cast<long long>(t.height),
          static_cast<long long>(t.left), static_cast<long long>(t.top), got, static_cast<long long>(x),
          static_cast<long long>(y), static_cast<long long>(c), expected);
  }
}

void check_problem(const KernelTable& table, const Problem& problem) {
  Guarded output(problem.output_size());
  Status status = check_pixels(problem.source, problem.transform);
  CHECK(status.ok(), "refused: %s", status.message.c_str());
  status = from_pixels(problem.source, problem.transform, table, Parallel(), output.data());
  CHECK(status.ok(), "failed: %s", status.message.c_str());
  for (int64_t y = 0; y < problem.transform.height; ++y) {
    for (int64_t x = 0; x < problem.transform.width; ++x) check_pixel(problem, y, x, output.data());
  }

  ThreadPool& pool = ThreadPool::instance();
  pool.reserve(3);
  std::vector<float> threaded(problem.output_size());
  status = from_pixels(problem.source, problem.transform, table, Parallel(&pool, 3), threaded.data());
  bool same = status.ok();
  for (size_t i = 0; same && i < threaded.size(); ++i) same = same_bits(threaded[i], output[i]);
  CHECK(same, "three threads give another result than one");
}

ISA_TEST(from_pixels_equals_its_definition) {
  Random random;
  for (int i = 0; i < 150; ++i) check_problem(table, Problem(random, i % 3 == 0 ? 6 : 40));
}

// Wide rows go through several tiles, and one output that gathers more than a tile holds is a tile of its own.
ISA_TEST(from_pixels_takes_wide_pictures) {
  Random random;
  for (int64_t resized_width : {1, 3, 500, 3000}) {
    Problem problem(random, 4);
    problem.source.width = 3000;
    problem.source.size = 3000 * problem.source.height * problem.source.channels;
    problem.bytes.assign(static_cast<size_t>(problem.source.size), 0);
    for (uint8_t& byte : problem.bytes) byte = static_cast<uint8_t>(random.bits());
    problem.source.data = problem.bytes.data();
    problem.transform.resized_width = resized_width;
    problem.transform.left = 0;
    problem.transform.top = 0;
    problem.transform.width = std::min<int64_t>(resized_width, 40);
    check_problem(table, problem);
  }
}

TEST(check_pixels_refuses_what_does_not_fit) {
  Random random;
  const auto refused = [&](auto&& change) {
    Problem problem(random, 8);
    change(problem);
    return !check_pixels(problem.source, problem.transform).ok();
  };
  CHECK(!refused([](Problem&) {}), "a sound problem");
  CHECK(refused([](Problem& p) { p.source.size -= 1; }), "too few bytes");
  CHECK(refused([](Problem& p) { p.source.width = 0; }), "no width");
  CHECK(refused([](Problem& p) { p.source.height = INT64_MAX; }), "bytes that overflow");
  CHECK(refused([](Problem& p) { p.source.channels = 5; }), "five channels");
  CHECK(refused([](Problem& p) { p.transform.width = p.transform.height = INT32_MAX; }), "an output that overflows");
  CHECK(refused([](Problem& p) { p.transform.left = INT64_MIN; }), "an offset that overflows");
  CHECK(refused([](Problem& p) { p.transform.matrix.pop_back(); }), "a matrix that is too small");
  CHECK(refused([](Problem& p) { p.transform.shift.push_back(0); }), "a shift that is too long");
  CHECK(refused([](Problem& p) { p.transform.pad.clear(); }), "no padding");
}

}  // namespace
}  // namespace im2col::test
