#include "proxy/worker_pool.h"

#include "proxy/serve/access_log_writer.h"
#include "proxy/snapshot/snapshot.h"
#include "proxy/worker.h"

namespace switchyard {

struct WorkerPool::Members {
    Events events;
    std::unique_ptr<serve::AccessLogWriter> access_log;  // outlives the workers, which write into its rings
    std::vector<std::unique_ptr<Worker>> workers;
};

WorkerPool::WorkerPool(unsigned workers, boost::asio::any_io_executor control, Events events)
    : members_(std::make_unique<Members>()) {
    members_->events = std::move(events);
    for (unsigned i = 0; i < workers; ++i)
        members_->workers.push_back(std::make_unique<Worker>(i, control, members_->events));
}

WorkerPool::~WorkerPool() {
    stop();
}

unsigned WorkerPool::size() const {
    return static_cast<unsigned>(members_->workers.size());
}

bool WorkerPool::open_access_log(const std::string& path, std::string* why) {
    members_->access_log = serve::AccessLogWriter::open(path, size(), why);
    if (!members_->access_log) return false;
    for (unsigned i = 0; i < size(); ++i) members_->workers[i]->log_to(&members_->access_log->ring(i));
    return true;
}

void WorkerPool::reopen_access_log() {
    if (members_->access_log) members_->access_log->reopen();
}

void WorkerPool::start(std::shared_ptr<const Snapshot> first) {
    for (auto& worker : members_->workers) {
        worker->adopt(first);
        worker->start();
    }
}

void WorkerPool::publish(std::shared_ptr<const Snapshot> next) {
    for (auto& worker : members_->workers) worker->adopt(next);
}

void WorkerPool::cut(std::uint64_t before_generation, const std::set<std::uint32_t>& upstreams) {
    const auto shared = std::make_shared<const std::set<std::uint32_t>>(upstreams);
    for (auto& worker : members_->workers) worker->cut(before_generation, shared);
}

void WorkerPool::oldest(std::uint64_t before_generation, const std::set<std::uint32_t>& upstreams, std::size_t most,
                        const Oldest& each) {
    const auto shared = std::make_shared<const std::set<std::uint32_t>>(upstreams);
    for (auto& worker : members_->workers) worker->oldest(before_generation, shared, most, each);
}

void WorkerPool::ages(const std::function<void(HeldAges)>& each) {
    for (auto& worker : members_->workers) worker->ages(each);
}

void WorkerPool::recent(const std::function<void(std::vector<RecentRequest>)>& each) {
    for (auto& worker : members_->workers) worker->recent(each);
}

void WorkerPool::collect(bool ages, std::function<void(WorkerReport)> each) {
    for (auto& worker : members_->workers) worker->collect(ages, each);
}

void WorkerPool::reach(std::function<void()> everywhere) {
    auto left = std::make_shared<std::size_t>(members_->workers.size());
    for (auto& worker : members_->workers)
        worker->reach([left, everywhere] {
            if (--*left == 0) everywhere();
        });
}

void WorkerPool::park() {
    for (auto& worker : members_->workers) worker->park(true);
}

void WorkerPool::unpark() {
    for (auto& worker : members_->workers) worker->park(false);
}

void WorkerPool::drain(std::chrono::milliseconds grace, bool alone, std::function<void()> done) {
    auto left = std::make_shared<std::size_t>(members_->workers.size());
    for (auto& worker : members_->workers) {
        worker->drain(grace, alone, [left, done] {
            if (--*left == 0) done();
        });
    }
}

void WorkerPool::stop() {
    for (auto& worker : members_->workers) worker->stop();
    if (members_->access_log) members_->access_log->stop();
}

}  // namespace switchyard
