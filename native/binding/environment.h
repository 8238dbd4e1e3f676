// The engine's state in one JavaScript environment (the main thread or a worker): promises of jobs on the thread pool.
#pragma once

#include <napi.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "../runtime/status.h"

namespace im2col {

// What runs behind one promise.
struct AsyncWork {
  // On a pool thread. It owns all that it uses, but for what the references keep alive. Released when it is done.
  std::function<Status(const std::atomic<bool>& cancelled)> run;
  // On the JavaScript thread, when `run` succeeded: the promise's value. A failure rejects the promise instead.
  std::function<napi_value(napi_env env, Status& status)> settle;
  // Deleted when the promise settles.
  std::vector<napi_ref> references;
  // `run` reads memory of the references, so the environment waits for it before it goes away.
  bool borrows_memory = false;
};

struct StartedJob {
  uint32_t id;
  napi_value promise;
};

class Environment {
 public:
  // Hands a job to the thread pool, at once or later; the job must be called exactly once.
  using Submit = std::function<void(std::function<void()> job)>;

  // Called once by each environment that loads the addon.
  static bool create(napi_env env);
  static Environment& of(napi_env env);

  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  // While jobs are pending they keep the event loop alive; without them nothing here does.
  StartedJob start(AsyncWork work, const Submit& submit);

  // Cancels a job. One that waits is rejected soon, one that runs ends at its next step; an unknown id is a job that has
  // settled.
  void cancel(uint32_t id);

 private:
  struct Job;
  struct Shared;
  struct Pending {
    std::shared_ptr<Job> job;
    napi_deferred deferred;
    std::function<napi_value(napi_env, Status&)> settle;
    std::vector<napi_ref> references;
  };

  explicit Environment(napi_env env);

  static void execute(const std::shared_ptr<Shared>& shared, const std::shared_ptr<Job>& job);
  static void on_finished(napi_env env, napi_value callback, void* context, void* data);
  void settle_finished();
  void settle_job(Pending& pending);
  void tear_down();

  napi_env env_;
  std::shared_ptr<Shared> shared_;
  std::map<uint32_t, Pending> pending_;
  uint32_t next_id_ = 1;
};

}  // namespace im2col
