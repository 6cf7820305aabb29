#include "forum/store/engine/sqlite/session.h"

#include <SQLiteCpp/Backup.h>
#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include "forum/store/engine/sqlite/search_rank.h"

namespace forum {

namespace {

// Another process may hold the write lock for one batch and its fsync; ten seconds means that something is wrong.
constexpr int kBusyTimeoutMs = 10'000;
// Prepared statements are few hundred texts at most; what is mapped is shared with the page cache and costs no memory.
constexpr const char* kPragmas =
    "PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 1073741824; "
    "PRAGMA secure_delete = OFF; PRAGMA recursive_triggers = OFF;";

// SQLite's statistics of its memory are not read, and keeping them takes one lock of the whole process at every
// allocation. Must come before anything else is asked of SQLite.
void stop_counting_memory() {
    static const int code = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    (void)code;  // too late, in a program that used SQLite before: slower, not wrong
}

[[noreturn]] void raise(const SQLite::Exception& e, std::string_view where) {
    const std::string text = std::string("database: ") + e.what() + " (in: " + std::string(where.substr(0, 120)) + ")";
    if (e.getErrorCode() == SQLITE_CONSTRAINT) throw ConstraintError(text);
    throw StoreError(text);
}

template <class Action>
auto translated(std::string_view where, Action&& action) {
    try {
        return action();
    } catch (const SQLite::Exception& e) {
        raise(e, where);
    }
}

class SqliteStatement final : public PreparedStatement {
  public:
    SqliteStatement(SQLite::Database& database, std::string_view sql)
        : text_(sql), statement_(database, std::string(sql)) {}

    void bind(int index, std::int64_t value) override {
        translated(text_, [&] { statement_.bind(index, value); });
    }
    void bind(int index, double value) override {
        translated(text_, [&] { statement_.bind(index, value); });
    }
    void bind(int index, std::string_view value) override {
        translated(text_, [&] { statement_.bind(index, std::string(value)); });
    }
    void bind_null(int index) override {
        translated(text_, [&] { statement_.bind(index); });
    }
    bool step() override {
        return translated(text_, [&] { return statement_.executeStep(); });
    }
    std::int64_t integer(int column) const override { return statement_.getColumn(column).getInt64(); }
    double real(int column) const override { return statement_.getColumn(column).getDouble(); }
    std::string_view view(int column) const override {
        const SQLite::Column value = statement_.getColumn(column);
        const auto* const bytes = static_cast<const char*>(value.getBlob());
        return {bytes, static_cast<std::size_t>(value.getBytes())};
    }
    bool is_null(int column) const override { return statement_.isColumnNull(column); }
    void reset() noexcept override {
        statement_.tryReset();
        try {
            statement_.clearBindings();
        } catch (const SQLite::Exception&) {
            // Clearing cannot fail on a reset statement.
        }
    }

  private:
    std::string text_;
    mutable SQLite::Statement statement_;  // reading a column is no change of the statement, but SQLiteCpp says so
};

}  // namespace

// A statement that is asked for with every batch or reading, prepared when it is first needed.
struct SqliteSession::Kept {
    const char* text;
    std::optional<SQLite::Statement> statement = std::nullopt;
};

struct SqliteSession::Handle {
    SQLite::Database database;
    Kept begin{"BEGIN"};
    Kept begin_immediate{"BEGIN IMMEDIATE"};
    Kept commit{"COMMIT"};
    Kept savepoint{"SAVEPOINT one_change"};
    Kept release{"RELEASE one_change"};
    Kept back_to_savepoint{"ROLLBACK TO one_change"};

    Handle(const std::string& file, int flags) : database(file, flags, kBusyTimeoutMs) {}
};

SqliteSession::SqliteSession(const std::string& file, Purpose purpose) {
    stop_counting_memory();
    translated("opening " + file, [&] {
        const bool reading = purpose == Purpose::reading;
        const int flags = reading ? SQLite::OPEN_READONLY : SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE;
        handle_ = std::make_unique<Handle>(file, flags | SQLite::OPEN_NOMUTEX);
        // The file remembers that it is in WAL mode, so only the first opener of a new database changes anything. Two
        // first openers at once can refuse each other here, where SQLite does not apply the busy timeout.
        constexpr int kAttempts = 200;
        for (int attempt = 1; !reading; ++attempt) {
            try {
                handle_->database.exec("PRAGMA journal_mode = WAL");
                break;
            } catch (const SQLite::Exception& e) {
                if (e.getErrorCode() != SQLITE_BUSY || attempt == kAttempts) throw;
                std::this_thread::sleep_for(std::chrono::milliseconds(10));
            }
        }
        handle_->database.exec(kPragmas);
        register_search_rank(handle_->database.getHandle());
    });
}

SqliteSession::~SqliteSession() = default;

std::unique_ptr<PreparedStatement> SqliteSession::prepare(std::string_view sql) {
    return translated(sql, [&]() -> std::unique_ptr<PreparedStatement> {
        return std::make_unique<SqliteStatement>(handle_->database, sql);
    });
}

void SqliteSession::execute(const std::string& sql) {
    translated(sql, [&] { handle_->database.exec(sql); });
}

void SqliteSession::run(Kept& kept) {
    translated(kept.text, [&] {
        if (!kept.statement) kept.statement.emplace(handle_->database, kept.text);
        kept.statement->tryReset();  // reset() would throw again what the last run failed with
        kept.statement->exec();
    });
}

void SqliteSession::begin(Purpose purpose) {
    run(purpose == Purpose::reading ? handle_->begin : handle_->begin_immediate);
}
void SqliteSession::commit() {
    run(handle_->commit);
}
void SqliteSession::roll_back() {
    execute("ROLLBACK");
}
void SqliteSession::set_savepoint() {
    run(handle_->savepoint);
}
void SqliteSession::release_savepoint() {
    run(handle_->release);
}
void SqliteSession::roll_back_to_savepoint() {
    run(handle_->back_to_savepoint);
}

std::int64_t SqliteSession::last_row_id() const {
    return handle_->database.getLastInsertRowid();
}
int SqliteSession::changes() const {
    return handle_->database.getChanges();
}
std::int64_t SqliteSession::changed_rows() const {
    return sqlite3_total_changes64(handle_->database.getHandle());
}

bool SqliteSession::has_table(std::string_view name) {
    const auto look = prepare("SELECT 1 FROM sqlite_schema WHERE name = ?");
    look->bind(1, name);
    return look->step();
}

bool SqliteSession::apply_step(const SchemaStep& step) {
    // The write lock first, the look second: another process may have applied the step meanwhile.
    begin(Purpose::writing);
    try {
        const bool applied = apply_in_transaction(step);
        commit();
        return applied;
    } catch (const StoreError& e) {
        roll_back();
        throw StoreError("migration " + std::string(step.name) + " failed and was rolled back: " + e.what());
    }
}

bool SqliteSession::apply_in_transaction(const SchemaStep& step) {
    {
        const auto newest = prepare("SELECT ifnull(max(version), 0) FROM schema_migrations");
        newest->step();
        if (step.version <= newest->integer(0)) return false;
    }
    execute(std::string(step.sql));
    const auto record =
        prepare("INSERT INTO schema_migrations (version, name, oldest_program, applied_at) VALUES (?, ?, ?, ?)");
    record->bind(1, std::int64_t{step.version});
    record->bind(2, step.name);
    record->bind(3, std::int64_t{step.oldest_program});
    record->bind(4, step.at);
    record->step();
    return true;
}

void SqliteSession::analyze() {
    execute("ANALYZE");
}

void SqliteSession::watch_log() {
    const auto told = [](void* length, sqlite3*, const char*, int pages) {
        *static_cast<std::int64_t*>(length) = pages;
        return SQLITE_OK;
    };
    sqlite3_wal_hook(handle_->database.getHandle(), told, &log_length_);
}

LogState SqliteSession::write_back() {
    const auto state = prepare("PRAGMA wal_checkpoint(PASSIVE)");
    state->step();
    return {state->integer(1), state->integer(2)};
}

void SqliteSession::backup_to(const std::string& file) {
    translated("backup to " + file, [&] {
        SQLite::Database copy(file, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
        SQLite::Backup backup(copy, handle_->database);
        // Steps of a few megabytes let writers in between; pages they change are copied again.
        constexpr int kPagesPerStep = 1'000;
        while (backup.executeStep(kPagesPerStep) != SQLITE_DONE) {
        }
    });
}

}  // namespace forum
