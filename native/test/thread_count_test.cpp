#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "../runtime/thread_count.h"
#include "test.h"

namespace im2col {
namespace {

namespace fs = std::filesystem;

// A made-up /proc and /sys under a folder of its own.
class FakeSystem {
 public:
  FakeSystem() {
    std::string pattern = (fs::temp_directory_path() / "im2col-XXXXXX").string();
    root_ = mkdtemp(pattern.data());
  }
  ~FakeSystem() { fs::remove_all(root_); }

  FakeSystem& file(const std::string& path, const std::string& text) {
    const fs::path full = root_ + path;
    fs::create_directories(full.parent_path());
    std::ofstream(full) << text;
    return *this;
  }

  FakeSystem& process(const std::string& cgroup, const std::string& mountinfo) {
    return file("/proc/self/cgroup", cgroup).file("/proc/self/mountinfo", mountinfo);
  }

  double limit() const { return cgroup_cpu_limit(root_); }

 private:
  std::string root_;
};

constexpr char kUnifiedMount[] = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
constexpr char kCpuMount[] = "36 32 0:31 / /sys/fs/cgroup/cpu,cpuacct rw shared:12 - cgroup cgroup rw,cpu,cpuacct\n";

void expect_limit(const FakeSystem& system, double expected) {
  const double limit = system.limit();
  CHECK(limit == expected, "the limit is %g, expected %g", limit, expected);
}

TEST(no_cgroup_limits_nothing) { expect_limit(FakeSystem(), 0); }

TEST(unified_cgroup_quota) {
  FakeSystem system;
  system.process("0::/app/worker\n", kUnifiedMount).file("/sys/fs/cgroup/app/worker/cpu.max", "150000 100000\n");
  expect_limit(system, 1.5);
}

TEST(unified_cgroup_without_quota) {
  FakeSystem system;
  system.process("0::/app\n", kUnifiedMount).file("/sys/fs/cgroup/app/cpu.max", "max 100000\n");
  expect_limit(system, 0);
}

TEST(smallest_quota_of_the_hierarchy) {
  FakeSystem system;
  system.process("0::/a/b/c\n", kUnifiedMount)
      .file("/sys/fs/cgroup/cpu.max", "800000 100000\n")
      .file("/sys/fs/cgroup/a/cpu.max", "200000 100000\n")
      .file("/sys/fs/cgroup/a/b/cpu.max", "400000 100000\n")
      .file("/sys/fs/cgroup/a/b/c/cpu.max", "max 100000\n");
  expect_limit(system, 2);
}

TEST(container_that_sees_its_group_as_the_root) {
  FakeSystem system;
  system.process("0::/\n", kUnifiedMount).file("/sys/fs/cgroup/cpu.max", "50000 100000\n");
  expect_limit(system, 0.5);
}

TEST(mount_of_a_part_of_the_hierarchy) {
  FakeSystem system;
  system
      .process("4:cpu,cpuacct:/docker/abc/inner\n",
               "36 32 0:31 /docker/abc /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n")
      .file("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "300000\n")
      .file("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n")
      .file("/sys/fs/cgroup/cpu/inner/cpu.cfs_quota_us", "-1\n")
      .file("/sys/fs/cgroup/cpu/inner/cpu.cfs_period_us", "100000\n");
  expect_limit(system, 3);
}

TEST(group_outside_of_the_mount) {
  FakeSystem system;
  system.process("0::/../other\n", kUnifiedMount)
      .file("/sys/fs/cgroup/cpu.max", "400000 100000\n")
      .file("/sys/fs/other/cpu.max", "100000 100000\n");
  expect_limit(system, 4);
}

TEST(version_1_and_2_side_by_side) {
  FakeSystem system;
  system
      .process("5:cpu,cpuacct:/one\n3:memory:/m\n0::/two\n",
               std::string(kCpuMount) + kUnifiedMount + "37 32 0:32 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n")
      .file("/sys/fs/cgroup/cpu,cpuacct/one/cpu.cfs_quota_us", "250000\n")
      .file("/sys/fs/cgroup/cpu,cpuacct/one/cpu.cfs_period_us", "50000\n")
      .file("/sys/fs/cgroup/two/cpu.max", "max 100000\n");
  expect_limit(system, 5);
}

TEST(broken_files_limit_nothing) {
  FakeSystem system;
  system.process("nonsense\n0:\n0::/a\n", std::string("short line\n- - -\n") + kUnifiedMount)
      .file("/sys/fs/cgroup/a/cpu.max", "100000 0\n")
      .file("/sys/fs/cgroup/cpu.max", "-5 x\n");
  expect_limit(system, 0);
}

TEST(thread_counts_that_are_numbers) {
  Status status;
  CHECK(parse_thread_count("1", status) == 1, "1");
  CHECK(parse_thread_count("256", status) == 256, "256");
  CHECK(parse_thread_count("007", status) == 7, "007");
  CHECK(status.ok(), "%s", status.message.c_str());
}

TEST(thread_counts_that_are_not) {
  for (const char* text : {"", "0", "-1", "+1", " 1", "1 ", "1.0", "257", "4294967297", "18446744073709551617", "two"}) {
    Status status;
    CHECK(parse_thread_count(text, status) == 0, "'%s' is taken for a count", text);
    CHECK(status.code == Code::kInvalidArgument, "'%s' has no error", text);
    CHECK(status.message.find("'" + std::string(text) + "'") != std::string::npos, "%s", status.message.c_str());
  }
}

}  // namespace
}  // namespace im2col
