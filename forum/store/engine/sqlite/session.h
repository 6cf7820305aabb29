// One SQLite connection, with what only SQLite has: its log, and a copy of the whole database.
//
// Threads: one at a time. Errors: StoreError; a broken UNIQUE or other constraint is ConstraintError.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "forum/store/engine/database_session.h"

namespace forum {

// How far the log has been written back into the database file, in pages.
struct LogState {
    std::int64_t length = 0;
    std::int64_t written_back = 0;
};

class SqliteSession final : public DatabaseSession {
  public:
    // `file` may be ":memory:".
    SqliteSession(const std::string& file, Purpose purpose);
    ~SqliteSession() override;

    EngineKind kind() const override { return EngineKind::sqlite; }
    std::unique_ptr<PreparedStatement> prepare(std::string_view sql) override;
    void execute(const std::string& sql) override;
    void begin(Purpose purpose) override;
    void commit() override;
    void roll_back() override;
    void set_savepoint() override;
    void release_savepoint() override;
    void roll_back_to_savepoint() override;
    std::int64_t last_row_id() const override;
    int changes() const override;
    std::int64_t changed_rows() const override;
    bool has_table(std::string_view name) override;
    bool apply_step(const SchemaStep& step) override;
    void analyze() override;

    // From now on commits leave the log alone and only tell its length; the caller sees to write_back().
    void watch_log();
    std::int64_t log_length() const { return log_length_; }
    // Copies what the log holds into the database file, as far as no reader stands in the way.
    LogState write_back();

    // Copies the whole database to a new file while it is in use.
    void backup_to(const std::string& file);

  private:
    struct Handle;
    struct Kept;
    void run(Kept& kept);
    bool apply_in_transaction(const SchemaStep& step);

    std::unique_ptr<Handle> handle_;
    std::int64_t log_length_ = 0;
};

}  // namespace forum
