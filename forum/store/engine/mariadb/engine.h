// A MariaDB database: a bounded number of connections, a row for the writers' turns, and counters of change in a table
// or, for the processes of one machine, in a file.
//
// Threads: any. Errors: StoreError.
#pragma once

#include <memory>
#include <mutex>
#include <string_view>

#include "forum/store/engine/engine.h"
#include "forum/store/engine/mariadb/address.h"
#include "forum/store/engine/side_file.h"

namespace forum {

class MariadbEngine final : public Engine {
  public:
    explicit MariadbEngine(std::string_view address);

    EngineKind kind() const override { return EngineKind::mariadb; }
    std::unique_ptr<DatabaseSession> open(Purpose purpose) override;
    std::unique_ptr<WriterTurn> writer_turn() override;
    ChangeSignals& signals() override;
    std::size_t readers_most() const override;
    void require_fit() override;
    void require_rights() override;

  private:
    MariadbAddress address_;
    std::mutex mutex_;
    std::unique_ptr<SideFile> side_;
    std::unique_ptr<ChangeSignals> table_;
};

}  // namespace forum
