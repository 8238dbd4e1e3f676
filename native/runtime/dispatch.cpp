#include "dispatch.h"

#include <cstdlib>
#include <cstring>

#include "../isa/tables.h"
#include "cpu_features.h"

namespace im2col {
namespace {

struct Candidate {
  const KernelTable* table;
  bool (*supported)(const CpuFeatures& cpu);
};

// Best first. The last one runs everywhere.
constexpr Candidate kCandidates[] = {
#if IM2COL_X86
    {&avx512::table, [](const CpuFeatures& cpu) { return cpu.avx512; }},
    {&avx2::table, [](const CpuFeatures& cpu) { return cpu.avx2_fma; }},
#endif
#if IM2COL_ARM64
    {&neon::table, [](const CpuFeatures&) { return true; }},
#endif
    {&scalar::table, [](const CpuFeatures&) { return true; }},
};
constexpr int kCandidateCount = sizeof(kCandidates) / sizeof(kCandidates[0]);

struct Runnable {
  const KernelTable* tables[kCandidateCount];
  int count = 0;

  Runnable() {
    const CpuFeatures cpu = detect_cpu_features();
    for (const Candidate& candidate : kCandidates) {
      if (candidate.supported(cpu)) tables[count++] = candidate.table;
    }
  }
};

struct Choice {
  Status status;
  const KernelTable* table = choose_kernels(std::getenv("IM2COL_ISA"), status);
};

}  // namespace

const KernelTable* const* runnable_kernels(int& count) {
  static const Runnable runnable;
  count = runnable.count;
  return runnable.tables;
}

const KernelTable* choose_kernels(const char* forced, Status& status) {
  int count;
  const KernelTable* const* tables = runnable_kernels(count);
  status = Status::Ok();
  if (!forced || !*forced) return tables[0];

  std::string names;
  for (int i = 0; i < count; ++i) {
    if (std::strcmp(tables[i]->isa, forced) == 0) return tables[i];
    names += (i ? ", " : "") + std::string(tables[i]->isa);
  }
  status = {Code::kUnsupported, "Expected IM2COL_ISA to be one of " + names + " on this machine but received '" + forced + "'"};
  return nullptr;
}

const KernelTable* active_kernels(Status& status) {
  static const Choice choice;
  status = choice.status;
  return choice.table;
}

}  // namespace im2col
