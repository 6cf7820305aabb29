#include "proxy/upstream/connection_pool.h"

#include <utility>

namespace switchyard::upstream {

std::unique_ptr<Connection> ConnectionPool::take() {
    while (!idle_.empty()) {
        auto connection = remove(idle_.size() - 1);
        connection->notify(nullptr);
        if (!connection->hung_up && !connection->broken && !connection->readable) return connection;
    }
    return nullptr;
}

std::unique_ptr<Connection> ConnectionPool::fresh() {
    return std::make_unique<Connection>(*poller_, *this);
}

void ConnectionPool::give(std::unique_ptr<Connection> connection, std::int64_t now_ms, std::uint32_t max_idle) {
    if (idle_.size() >= max_idle || connection->hung_up || connection->readable) return;
    ++connection->exchanges_;
    connection->idle_since_ = now_ms;
    connection->position_ = idle_.size();
    connection->notify(connection.get());
    idle_.push_back(std::move(connection));
}

void ConnectionPool::close_idle(std::int64_t oldest_ms) {
    std::size_t old = 0;
    while (old < idle_.size() && idle_[old]->idle_since_ < oldest_ms) ++old;
    if (old == 0) return;
    idle_.erase(idle_.begin(), idle_.begin() + static_cast<std::ptrdiff_t>(old));
    for (std::size_t i = 0; i < idle_.size(); ++i) idle_[i]->position_ = i;
}

void ConnectionPool::idle_news(Connection& connection) {
    // Closed by the endpoint, or talking out of turn: either way of no more use.
    if (connection.hung_up || connection.readable || connection.broken) remove(connection.position_);
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
