#include "forum/store/readers.h"

#include <utility>

namespace forum {

namespace {
// More than this are closed again after a burst.
constexpr std::size_t kIdleMax = 32;
// What waits longer for a connection is answered that the forum is busy.
constexpr auto kPatience = std::chrono::seconds(1);
}  // namespace

Readers::Readers(Engine& engine) : engine_(engine) {}

ReaderCounts Readers::counts() const {
    const std::lock_guard guard(mutex_);
    ReaderCounts counts = counts_;
    counts.in_use = lent_;
    counts.open = lent_ + idle_.size();
    return counts;
}

void Readers::probe(const std::function<void(Connection&)>& read) {
    if (engine_.readers_most() == 0) return with(read);
    const std::lock_guard guard(probe_mutex_);
    for (bool fresh = probe_ == nullptr;; fresh = true) {
        try {
            if (probe_ == nullptr) probe_ = std::make_unique<Connection>(engine_.open(Purpose::reading));
            return read(*probe_);
        } catch (const StoreError& e) {
            probe_.reset();
            if (fresh || e.failure() != StoreFailure::gone) throw;
        }
    }
}

bool Readers::may_read_again(const StoreError& failure, bool fresh) {
    const bool gone = failure.failure() == StoreFailure::gone;
    const bool passing = gone || failure.failure() == StoreFailure::retry;
    if (failure.failure() == StoreFailure::overdue || (passing && fresh)) {
        throw StoreUnavailable(failure.what(), failure.failure());
    }
    if (!passing) return false;
    const std::lock_guard guard(mutex_);
    ++counts_.reconnects;
    if (gone) idle_.clear();  // those were lost with it
    return true;
}

void Readers::give_back(std::unique_ptr<Connection> connection) {
    {
        const std::lock_guard guard(mutex_);
        --lent_;
        if (connection != nullptr && idle_.size() < kIdleMax) idle_.push_back(std::move(connection));
    }
    if (engine_.readers_most() > 0) came_free_.notify_one();
}

Readers::Lease::Lease(Readers& readers, bool transaction, bool fresh) : readers_(readers), transaction_(transaction) {
    take(fresh);
    try {
        if (!connection_) connection_ = std::make_unique<Connection>(readers_.engine_.open(Purpose::reading));
        if (transaction_) connection_->session().begin(Purpose::reading);
    } catch (...) {
        readers_.give_back(nullptr);
        throw;
    }
}

void Readers::Lease::take(bool fresh) {
    std::unique_lock lock(readers_.mutex_);
    const std::size_t most = readers_.engine_.readers_most();
    const auto one_is_free = [&] { return most == 0 || readers_.lent_ < most; };
    if (!one_is_free() && !readers_.came_free_.wait_for(lock, kPatience, one_is_free)) {
        ++readers_.counts_.refused;
        throw StoreUnavailable("all connections to the database were in use for too long");
    }
    ++readers_.lent_;
    if (fresh || readers_.idle_.empty()) return;
    connection_ = std::move(readers_.idle_.back());
    readers_.idle_.pop_back();
}

Readers::Lease::~Lease() {
    try {
        if (transaction_ && connection_->session().is_alive()) connection_->session().commit();
    } catch (const StoreError&) {
        connection_.reset();  // a connection that cannot even end reading is not lent again
    }
    if (connection_ != nullptr && !connection_->session().is_alive()) connection_.reset();
    readers_.give_back(std::move(connection_));
}

}  // namespace forum
