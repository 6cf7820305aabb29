// All open connections, and what has to be done to them from beside: ending those whose time is over, those that do
// nothing when others need their place, and those that hold the most memory for longest when it becomes too much.
//
// Ending means that the client's socket is told so; the thread that is woken by it sees `expired` and closes.
//
// Threads: any. Owns the clients.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "forum/server/client.h"

namespace forum {

class ClientTable {
  public:
    explicit ClientTable(HeldBytes& held) : held_(held) {}

    Client& add(std::unique_ptr<Client> client);
    // Closes it.
    void remove(Client& client);
    std::size_t size();

    void end_overdue(std::int64_t at_ms);
    void end_idle();
    // The one that has been without a request in work for longest, idle ones first.
    void end_one();
    // Until all together hold no more than they may.
    void end_largest_holders();

    // False when some are left after the time.
    bool wait_until_empty(std::chrono::milliseconds time);

  private:
    void end(Client& client);

    HeldBytes& held_;
    std::mutex mutex_;
    std::condition_variable removed_;
    std::unordered_map<int, std::unique_ptr<Client>> clients_;
};

}  // namespace forum
