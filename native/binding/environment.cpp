#include "environment.h"

#include <condition_variable>
#include <mutex>
#include <utility>

#include "errors.h"

namespace im2col {

struct Environment::Job {
  enum class State { kWaiting, kRunning, kDone };

  uint32_t id;
  std::function<Status(const std::atomic<bool>&)> run;
  bool borrows_memory;
  std::atomic<bool> cancelled{false};
  State state = State::kWaiting;  // guarded by Shared::mutex, like `status` until kDone
  Status status;
};

// What pool threads may touch. It outlives the environment.
struct Environment::Shared {
  std::mutex mutex;
  std::condition_variable job_done;
  bool alive = true;
  napi_threadsafe_function notify = nullptr;  // used while alive
  std::vector<uint32_t> finished;

  // With the mutex held.
  void finish(Job& job, Status status) {
    job.status = std::move(status);
    job.state = Job::State::kDone;
    job_done.notify_all();
    if (!alive) return;
    finished.push_back(job.id);
    napi_call_threadsafe_function(notify, nullptr, napi_tsfn_nonblocking);
  }
};

Environment::Environment(napi_env env) : env_(env), shared_(std::make_shared<Shared>()) {}

Environment::~Environment() = default;

bool Environment::create(napi_env env) {
  std::unique_ptr<Environment> made(new Environment(env));
  napi_value name = Napi::String::New(env, "im2col");
  if (napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, made.get(), on_finished,
                                      &made->shared_->notify) != napi_ok ||
      napi_unref_threadsafe_function(env, made->shared_->notify) != napi_ok) {
    return false;
  }
  // Hooks run in reverse order: this one before the thread-safe function's own.
  napi_add_env_cleanup_hook(
      env, [](void* environment) { static_cast<Environment*>(environment)->tear_down(); }, made.get());
  const auto finalizer = [](napi_env, void* environment, void*) { delete static_cast<Environment*>(environment); };
  if (napi_set_instance_data(env, made.get(), finalizer, nullptr) != napi_ok) return false;
  made.release();
  return true;
}

Environment& Environment::of(napi_env env) {
  void* environment = nullptr;
  napi_get_instance_data(env, &environment);
  return *static_cast<Environment*>(environment);
}

StartedJob Environment::start(AsyncWork work, const Submit& submit) {
  StartedJob started{next_id_++, nullptr};
  Pending& pending = pending_[started.id];
  napi_create_promise(env_, &pending.deferred, &started.promise);
  pending.settle = std::move(work.settle);
  pending.references = std::move(work.references);
  pending.job = std::make_shared<Job>();
  pending.job->id = started.id;
  pending.job->run = std::move(work.run);
  pending.job->borrows_memory = work.borrows_memory;
  if (pending_.size() == 1) napi_ref_threadsafe_function(env_, shared_->notify);
  submit([shared = shared_, job = pending.job] { execute(shared, job); });
  return started;
}

void Environment::execute(const std::shared_ptr<Shared>& shared, const std::shared_ptr<Job>& job) {
  {
    std::lock_guard<std::mutex> lock(shared->mutex);
    if (!shared->alive || job->state != Job::State::kWaiting) return;
    job->state = Job::State::kRunning;
  }
  Status status = job->run(job->cancelled);
  job->run = nullptr;
  std::lock_guard<std::mutex> lock(shared->mutex);
  shared->finish(*job, std::move(status));
}

void Environment::cancel(uint32_t id) {
  const auto found = pending_.find(id);
  if (found == pending_.end()) return;
  Job& job = *found->second.job;
  job.cancelled.store(true, std::memory_order_relaxed);
  std::lock_guard<std::mutex> lock(shared_->mutex);
  if (job.state != Job::State::kWaiting) return;
  job.run = nullptr;
  shared_->finish(job, {Code::kAborted, "cancelled before it began"});
}

void Environment::on_finished(napi_env env, napi_value, void* context, void*) {
  if (env != nullptr) static_cast<Environment*>(context)->settle_finished();
}

void Environment::settle_finished() {
  std::vector<uint32_t> finished;
  {
    std::lock_guard<std::mutex> lock(shared_->mutex);
    finished.swap(shared_->finished);
  }
  for (const uint32_t id : finished) {
    auto node = pending_.extract(id);
    if (pending_.empty()) napi_unref_threadsafe_function(env_, shared_->notify);
    settle_job(node.mapped());
  }
}

void Environment::settle_job(Pending& pending) {
  Status status = std::move(pending.job->status);
  napi_value value = nullptr;
  if (status.ok()) value = pending.settle(env_, status);
  bool threw = false;
  napi_is_exception_pending(env_, &threw);
  if (threw) {
    napi_get_and_clear_last_exception(env_, &value);
    napi_reject_deferred(env_, pending.deferred, value);
  } else if (status.ok()) {
    napi_resolve_deferred(env_, pending.deferred, value);
  } else {
    napi_reject_deferred(env_, pending.deferred, make_error(env_, status));
  }
  for (const napi_ref reference : pending.references) napi_delete_reference(env_, reference);
}

// Jobs that go on own what they use; those that read JavaScript's memory end first. Promises are never settled.
void Environment::tear_down() {
  {
    std::unique_lock<std::mutex> lock(shared_->mutex);
    shared_->alive = false;
    for (const auto& [id, pending] : pending_) pending.job->cancelled.store(true, std::memory_order_relaxed);
    for (const auto& [id, pending] : pending_) {
      const Job& job = *pending.job;
      if (job.borrows_memory) shared_->job_done.wait(lock, [&job] { return job.state != Job::State::kRunning; });
    }
  }
  for (const auto& [id, pending] : pending_) {
    for (const napi_ref reference : pending.references) napi_delete_reference(env_, reference);
  }
  pending_.clear();
  napi_release_threadsafe_function(shared_->notify, napi_tsfn_abort);
}

}  // namespace im2col
