#include "forum/server/client_table.h"

#include <sys/socket.h>

#include <utility>

namespace forum {

using Stage = Client::Stage;

Client& ClientTable::add(std::unique_ptr<Client> client) {
    const std::lock_guard guard(mutex_);
    const int socket = client->socket();
    return *(clients_[socket] = std::move(client));
}

void ClientTable::remove(Client& client) {
    const std::lock_guard guard(mutex_);
    clients_.erase(client.socket());
    removed_.notify_all();
}

std::size_t ClientTable::size() {
    const std::lock_guard guard(mutex_);
    return clients_.size();
}

// What has come already can still be read; what is still to be sent to it is not.
void ClientTable::end(Client& client) {
    if (client.expired.exchange(true)) return;
    held_.add(-client.counted.exchange(0));
    const Stage stage = client.stage;
    ::shutdown(client.socket(), stage == Stage::sending || stage == Stage::lingering ? SHUT_RDWR : SHUT_RD);
}

void ClientTable::end_overdue(std::int64_t at_ms) {
    const std::lock_guard guard(mutex_);
    for (const auto& [socket, client] : clients_) {
        if (client->stage != Stage::working && client->deadline_ms <= at_ms) end(*client);
    }
}

void ClientTable::end_idle() {
    const std::lock_guard guard(mutex_);
    for (const auto& [socket, client] : clients_) {
        if (client->stage == Stage::idle) end(*client);
    }
}

void ClientTable::end_one() {
    const std::lock_guard guard(mutex_);
    Client* oldest = nullptr;
    const auto later = [](const Client& one, const Client& other) {
        const bool idle = one.stage == Stage::idle;
        if (idle != (other.stage == Stage::idle)) return !idle;
        return one.since_ms > other.since_ms;
    };
    for (const auto& [socket, client] : clients_) {
        if (client->stage == Stage::working || client->expired) continue;
        if (oldest == nullptr || later(*oldest, *client)) oldest = client.get();
    }
    if (oldest != nullptr) end(*oldest);
}

void ClientTable::end_largest_holders() {
    const std::lock_guard guard(mutex_);
    while (held_.too_many()) {
        Client* oldest = nullptr;
        for (const auto& [socket, client] : clients_) {
            if (client->stage == Stage::working || client->expired || client->counted == 0) continue;
            if (oldest == nullptr || client->since_ms < oldest->since_ms) oldest = client.get();
        }
        if (oldest == nullptr) return;
        end(*oldest);
    }
}

bool ClientTable::wait_until_empty(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    return removed_.wait_for(lock, time, [&] { return clients_.empty(); });
}

}  // namespace forum
