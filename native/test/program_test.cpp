// Runs of a whole program.
#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "../program/program.h"
#include "../runtime/thread_pool.h"
#include "allocations.h"
#include "test.h"

namespace im2col::test {
namespace {

constexpr int64_t kSize = 24, kChannels = 40;

ViewSpec image(int64_t offset, int64_t channels, int64_t halo) {
  const int64_t row = (kSize + 2 * halo) * channels, plane = (kSize + 2 * halo) * row;
  return {offset + halo * (row + channels), {1, 1, kSize, kSize, channels}, {plane, plane, row, channels}, {0, 0, halo, halo, halo, halo}};
}

Attribute numbers(std::vector<double> values) { return {std::move(values), {}}; }
Attribute word(const char* text) { return {{}, text}; }

// input, a 3 x 3 convolution by `algorithm`, a max pooling of the same size, output.
PlanSpec small_network(const char* algorithm, const std::vector<float>& weights) {
  constexpr int64_t kImage = (kSize + 2) * (kSize + 2) * kChannels;
  PlanSpec plan;
  plan.arena_size = 3 * kImage;
  plan.views = {image(0, kChannels, 1), image(kImage, kChannels, 1), image(2 * kImage, kChannels, 0)};
  plan.input_sizes = plan.output_sizes = {kSize * kSize * kChannels};
  const auto window = [] {
    return std::map<std::string, Attribute>{{"kernel", numbers({1, 3, 3})}, {"stride", numbers({1, 1, 1})},
                                            {"dilation", numbers({1, 1, 1})}, {"padStart", numbers({0, 1, 1})}};
  };
  StepSpec input{"input", "x", {}, {0}, {{"index", numbers({0})}, {"layout", word("nchw")}}, {}};
  StepSpec conv{"conv", "conv", {0}, {1}, window(), {}};
  conv.attributes["groups"] = numbers({1});
  conv.attributes["flip"] = numbers({0});
  conv.attributes["algorithm"] = word(algorithm);
  conv.attributes["activation"] = word("relu");
  conv.parameters["weight"] = ParameterSpec(std::string("weight ") + algorithm, weights.data(), weights.size());
  StepSpec pool{"maxPool", "pool", {1}, {2}, window(), {}};
  pool.attributes["padEnd"] = numbers({0, 1, 1});
  StepSpec output{"output", "y", {2}, {}, {{"index", numbers({0})}, {"layout", word("nchw")}}, {}};
  plan.steps = {input, conv, pool, output};
  return plan;
}

ISA_TEST(runs_take_no_memory) {
  Random random;
  std::vector<float> weights(9 * kChannels * kChannels), x(kSize * kSize * kChannels), y(x.size());
  for (float& w : weights) w = random.uniform(-1, 1);
  for (float& value : x) value = random.uniform(-1, 1);
  const float* inputs[] = {x.data()};
  float* outputs[] = {y.data()};
  const std::atomic<bool> cancelled{false};
  ThreadPool::instance().reserve(2);
  for (const char* algorithm : {"direct", "im2col", "winograd2", "winograd4"}) {
    for (int threads : {1, 3}) {
      WeightStore store;
      std::shared_ptr<Program> program;
      const size_t start = allocation_count();
      Status status = Program::create(small_network(algorithm, weights), table, store, {threads, 1}, cancelled, program);
      CHECK(status.ok(), "%s: %s", algorithm, status.message.c_str());
      if (!status.ok()) return;
      const size_t before = allocation_count();
      CHECK(before > start, "making a program is not counted");
      for (int run = 0; run < 5; ++run) status = program->run(inputs, outputs, cancelled);
      const size_t taken = allocation_count() - before;
      CHECK(status.ok() && taken == 0, "%s, %d threads: 5 runs took memory %d times", algorithm, threads, static_cast<int>(taken));
    }
  }
}

}  // namespace
}  // namespace im2col::test
