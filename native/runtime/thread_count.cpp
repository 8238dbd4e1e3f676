#include "thread_count.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

#ifdef __linux__
#include <sched.h>
#endif

namespace im2col {
namespace {

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

bool contains(const std::vector<std::string>& list, const std::string& word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

// Where a cgroup hierarchy with a CPU controller is mounted, and the process's group inside it.
struct Hierarchy {
  bool unified = false;    // cgroup v2
  std::string mount_root;  // the group that the mount shows as its root
  std::string mount_point;
  std::string group;
};

// The process's group in each hierarchy, from lines "id:controllers:path". Version 2 has no controllers in its line.
std::string process_group(const std::string& root, bool unified) {
  std::ifstream file(root + "/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const size_t first = line.find(':');
    const size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    if (unified ? controllers.empty() : contains(split(controllers, ','), "cpu")) return line.substr(second + 1);
  }
  return {};
}

// Lines of mountinfo: id parent major:minor root mount-point options [tags...] - type source super-options
std::vector<Hierarchy> cpu_hierarchies(const std::string& root) {
  std::vector<Hierarchy> found;
  std::ifstream file(root + "/proc/self/mountinfo");
  for (std::string line; std::getline(file, line);) {
    const std::vector<std::string> fields = split(line, ' ');
    const auto dash = std::find(fields.begin(), fields.end(), "-");
    if (dash - fields.begin() < 6 || fields.end() - dash < 4) continue;
    const bool unified = dash[1] == "cgroup2";
    if (!unified && !(dash[1] == "cgroup" && contains(split(dash[3], ','), "cpu"))) continue;
    Hierarchy hierarchy{unified, fields[3], fields[4], process_group(root, unified)};
    if (!hierarchy.group.empty()) found.push_back(std::move(hierarchy));
  }
  return found;
}

// Quota / period of one group, or 0 when it has none.
double group_limit(const std::string& folder, bool unified) {
  double quota = 0;
  double period = 0;
  if (unified) {
    std::ifstream(folder + "/cpu.max") >> quota >> period;  // "max 100000" reads as no quota
  } else {
    std::ifstream(folder + "/cpu.cfs_quota_us") >> quota;  // -1: no quota
    std::ifstream(folder + "/cpu.cfs_period_us") >> period;
  }
  return quota > 0 && period > 0 ? quota / period : 0;
}

int affinity_count() {
#ifdef __linux__
  for (int capacity = 1024; capacity <= 1 << 20; capacity *= 2) {
    cpu_set_t* set = CPU_ALLOC(capacity);
    if (set == nullptr) break;
    const size_t bytes = CPU_ALLOC_SIZE(capacity);
    const int count = sched_getaffinity(0, bytes, set) == 0 ? CPU_COUNT_S(bytes, set) : 0;
    CPU_FREE(set);
    if (count > 0) return count;
  }
#endif
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

int detected_count() {
  const int cpus = std::min(affinity_count(), kMaxThreads);
  const double limit = cgroup_cpu_limit("");
  return limit > 0 && limit < cpus ? std::max(1, static_cast<int>(std::floor(limit))) : cpus;
}

struct Count {
  int threads = 0;
  Status status;
};

Count read_count() {
  Count count;
  const char* text = std::getenv("IM2COL_THREADS");
  count.threads = text != nullptr && *text != '\0' ? parse_thread_count(text, count.status) : detected_count();
  return count;
}

}  // namespace

int parse_thread_count(const std::string& text, Status& status) {
  int value = 0;
  bool valid = !text.empty();
  for (const char c : text) {
    valid = valid && c >= '0' && c <= '9';
    if (valid) value = std::min(value * 10 + (c - '0'), kMaxThreads + 1);
  }
  if (valid && value >= 1 && value <= kMaxThreads) return value;
  status = Status::Invalid("IM2COL_THREADS must be an integer from 1 to " + std::to_string(kMaxThreads) + " but is '" +
                           text + "'");
  return 0;
}

double cgroup_cpu_limit(const std::string& root) {
  double smallest = 0;
  for (const Hierarchy& hierarchy : cpu_hierarchies(root)) {
    // A mount that shows a part of the hierarchy shows the group without that part's path. A group outside of it
    // ("/../x", or another branch) cannot be seen: only the mount's own root counts then.
    std::string group = hierarchy.group;
    if (hierarchy.mount_root != "/") {
      const std::string& prefix = hierarchy.mount_root;
      const bool inside = group.compare(0, prefix.size(), prefix) == 0 &&
                          (group.size() == prefix.size() || group[prefix.size()] == '/');
      group = inside ? group.substr(prefix.size()) : "";
    }
    if (group.find("..") != std::string::npos) group.clear();
    while (!group.empty() && group.back() == '/') group.pop_back();

    while (true) {
      const double limit = group_limit(root + hierarchy.mount_point + group, hierarchy.unified);
      if (limit > 0 && (smallest == 0 || limit < smallest)) smallest = limit;
      if (group.empty()) break;
      group.erase(group.rfind('/'));
    }
  }
  return smallest;
}

int thread_count(Status& status) {
  static const Count* const count = new Count(read_count());
  status = count->status;
  return count->threads;
}

}  // namespace im2col
