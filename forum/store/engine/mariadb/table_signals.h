// Change counters in a table of the database, for processes on several machines: a batch counts what it touches as its
// last statement, so the count and the change are one commit. Reading one is a short question to the server.
//
// Threads: any; four ask at a time. Errors: StoreUnavailable when the server does not answer.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "forum/store/engine/change_signals.h"
#include "forum/store/engine/mariadb/address.h"
#include "forum/store/engine/mariadb/session.h"

namespace forum {

class TableSignals final : public ChangeSignals {
  public:
    static constexpr unsigned kSessionsMost = 4;

    explicit TableSignals(MariadbAddress address);
    ~TableSignals() override;

    std::uint64_t life() const override;
    std::uint64_t lists() const override;
    std::uint64_t searches() const override;
    std::uint64_t post(std::string_view public_id) const override;

    // The statement that counts; empty when nothing was touched.
    static std::string counting(const Touched& touched);

  private:
    struct Asking;

    std::uint64_t sum(std::int64_t slot, std::int64_t other) const;
    std::unique_ptr<Asking> take(bool fresh) const;
    void give_back(std::unique_ptr<Asking> asking) const;

    MariadbAddress address_;
    mutable std::mutex mutex_;
    mutable std::condition_variable came_free_;
    mutable std::vector<std::unique_ptr<Asking>> idle_;
    mutable unsigned lent_ = 0;
};

}  // namespace forum
