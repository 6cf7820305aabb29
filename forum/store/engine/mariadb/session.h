// One connection to a MariaDB server, set up so that it means what the store means: strict, in UTF-8 that is compared
// octet by octet, with limits on how long a statement, a lock and a silent server may take.
//
// Threads: one at a time. Errors: StoreError and its kinds; StoreFailure::gone when it cannot be made or is lost.
#pragma once

#include <memory>
#include <string>

#include "forum/store/engine/database_session.h"
#include "forum/store/engine/mariadb/address.h"
#include "forum/store/engine/mariadb/prepared.h"

namespace forum {

class MariadbSession final : public DatabaseSession {
  public:
    // Statements that one session keeps prepared: all that the program has. The server's limit is for all sessions.
    static constexpr std::size_t kPreparedMost = 160;

    MariadbSession(const MariadbAddress& address, Purpose purpose);
    ~MariadbSession() override;

    EngineKind kind() const override { return EngineKind::mariadb; }
    std::unique_ptr<PreparedStatement> prepare(std::string_view sql) override;
    std::size_t prepared_most() const override { return kPreparedMost; }
    void execute(const std::string& sql) override;
    // For writing, the first thing is the turn: a row that one transaction holds at a time, in all programs.
    void begin(Purpose purpose) override;
    void commit() override;
    void roll_back() override;
    void set_savepoint() override;
    void release_savepoint() override;
    void roll_back_to_savepoint() override;
    std::int64_t last_row_id() const override { return outcome_.last_row_id; }
    int changes() const override { return static_cast<int>(outcome_.changes); }
    std::int64_t changed_rows() const override { return outcome_.changed_rows; }
    bool is_alive() const override { return outcome_.alive; }
    bool has_table(std::string_view name) override;
    bool apply_step(const SchemaStep& step) override;
    void analyze() override;

  private:
    void set_up(const MariadbAddress& address, Purpose purpose);
    [[noreturn]] void fail(std::string_view where);

    MYSQL connection_;
    MariadbOutcome outcome_;
};

// The first number that a statement without parameters finds.
std::int64_t number_from(DatabaseSession& session, std::string_view sql);

}  // namespace forum
