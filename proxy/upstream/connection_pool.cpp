#include "proxy/upstream/connection_pool.h"

#include <algorithm>
#include <utility>

namespace switchyard::upstream {

// Behind the most recently used one that was made this way; 0: there is none.
std::size_t ConnectionPool::behind_last(const net::OutwardTls* how) const {
    std::size_t end = idle_.size();
    while (end > 0 && idle_[end - 1]->how_.get() != how) --end;
    return end;
}

std::unique_ptr<Connection> ConnectionPool::take(const net::OutwardTls* how) {
    while (const std::size_t end = behind_last(how)) {
        auto connection = remove(end - 1);
        connection->notify(nullptr);
        connection->leave_queue();  // late news of it are the lessee's
        if (!dead(*connection)) return connection;
    }
    return nullptr;
}

std::unique_ptr<Connection> ConnectionPool::take_safe(const net::OutwardTls* how) {
    while (const std::size_t end = behind_last(how)) {
        if (!patience_.trusts(now_ms_ - idle_[end - 1]->idle_since_)) break;
        auto connection = take(how);
        // Its close may be in the kernel already, not yet in the poller.
        if (connection && !connection->stale()) return connection;
        if (connection) patience_.closed(now_ms_ - connection->idle_since_, now_ms_);
    }
    witness_wanted_ = !witness_ && patience_.wants_proof(now_ms_);
    return nullptr;
}

// Closed by the endpoint, or talking out of turn: either way of no more use.
bool ConnectionPool::dead(Connection& connection) {
    const bool gone = !connection.quiet();
    if (gone) patience_.closed(now_ms_ - connection.idle_since_, now_ms_);
    return gone;
}

std::unique_ptr<Connection> ConnectionPool::fresh(Connection::How how) {
    return std::make_unique<Connection>(*poller_, *this, std::move(how));
}

std::shared_ptr<net::TlsSessions> ConnectionPool::sessions(const Connection::How& how) {
    for (const auto& known : sessions_)
        if (known.how.lock() == how) return known.sessions;
    std::erase_if(sessions_, [](const auto& known) { return known.how.expired(); });
    return sessions_.emplace_back(Sessions{how, std::make_shared<net::TlsSessions>()}).sessions;
}

void ConnectionPool::keep_only(const net::OutwardTls* how) {
    if (witness_ && witness_->how_.get() != how) witness_.reset();
    if (std::erase_if(idle_, [how](const auto& connection) { return connection->how_.get() != how; }) != 0) renumber();
    std::erase_if(sessions_, [how](const auto& known) { return known.how.lock().get() != how; });
}

void ConnectionPool::give(std::unique_ptr<Connection> connection, std::uint32_t max_idle) {
    if (connection->hung_up) patience_.closed(0, now_ms_);
    if (idle() >= max_idle || retired_ || !connection->quiet()) return;
    connection->idle_since_ = now_ms_;
    ++connection->exchanges_;
    connection->notify(connection.get());
    if (witness_wanted_) {
        witness_wanted_ = false;
        witness_ = std::move(connection);
        return;
    }
    connection->position_ = idle_.size();
    idle_.push_back(std::move(connection));
}

void ConnectionPool::retire(bool on) {
    retired_ = on;
    if (!on) return;
    witness_.reset();
    witness_wanted_ = false;
    idle_.clear();
}

void ConnectionPool::close_idle(std::int64_t oldest_ms) {
    if (witness_ && witness_->idle_since_ < oldest_ms) witness_.reset();
    std::size_t old = 0;
    while (old < idle_.size() && idle_[old]->idle_since_ < oldest_ms) ++old;
    if (old == 0) return;
    idle_.erase(idle_.begin(), idle_.begin() + static_cast<std::ptrdiff_t>(old));
    renumber();
}

void ConnectionPool::note_survivors() {
    if (!idle_.empty()) patience_.survived(now_ms_ - idle_.front()->idle_since_, now_ms_);
    if (!witness_) return;
    const std::int64_t waited = now_ms_ - witness_->idle_since_;
    if (waited < Patience::kProofMs) return;
    patience_.survived(waited, now_ms_);
    const auto younger = std::find_if(idle_.begin(), idle_.end(),
                                      [this](const auto& other) { return other->idle_since_ > witness_->idle_since_; });
    idle_.insert(younger, std::move(witness_));
    renumber();
}

void ConnectionPool::idle_news(Connection& connection) {
    if (!dead(connection)) return;
    if (&connection == witness_.get())
        witness_.reset();
    else
        remove(connection.position_);
}

void ConnectionPool::renumber() {
    for (std::size_t i = 0; i < idle_.size(); ++i) idle_[i]->position_ = i;
}

std::unique_ptr<Connection> ConnectionPool::remove(std::size_t position) {
    auto out = std::move(idle_[position]);
    for (std::size_t i = position + 1; i < idle_.size(); ++i) {
        idle_[i]->position_ = i - 1;
        idle_[i - 1] = std::move(idle_[i]);
    }
    idle_.pop_back();
    return out;
}

}  // namespace switchyard::upstream
