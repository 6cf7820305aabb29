#include "forum/store/connection.h"

#include <SQLiteCpp/Backup.h>
#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include <chrono>
#include <map>
#include <thread>
#include <utility>

#include "forum/store/search_rank.h"

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

}  // namespace

struct Query::Prepared {
    SQLite::Statement statement;
    std::string sql;
    bool in_use = false;
    bool temporary = false;  // a second use of a text at the same time; owned by its Query

    Prepared(SQLite::Database& database, std::string text) : statement(database, text), sql(std::move(text)) {}
};

struct Connection::Handle {
    SQLite::Database database;
    std::map<std::string, std::unique_ptr<Query::Prepared>, std::less<>> prepared;

    Handle(const std::string& file, int flags) : database(file, flags, kBusyTimeoutMs) {}
};

Query::Query(Prepared& prepared) : prepared_(&prepared) {}

Query::Query(Query&& other) noexcept : prepared_(std::exchange(other.prepared_, nullptr)) {}

Query::~Query() {
    if (prepared_ == nullptr) return;
    if (prepared_->temporary) {
        delete prepared_;
        return;
    }
    prepared_->statement.tryReset();
    try {
        prepared_->statement.clearBindings();
    } catch (const SQLite::Exception&) {
        // Clearing cannot fail on a reset statement; a destructor must not throw in any case.
    }
    prepared_->in_use = false;
}

bool Query::step() {
    return translated(prepared_->sql, [&] { return prepared_->statement.executeStep(); });
}

void Query::run() {
    while (step()) {
    }
}

std::int64_t Query::integer(int column) const {
    return prepared_->statement.getColumn(column).getInt64();
}
double Query::real(int column) const {
    return prepared_->statement.getColumn(column).getDouble();
}

std::string_view Query::view(int column) const {
    const SQLite::Column value = prepared_->statement.getColumn(column);
    const auto* const bytes = static_cast<const char*>(value.getBlob());
    return {bytes, static_cast<std::size_t>(value.getBytes())};
}

bool Query::is_null(int column) const {
    return prepared_->statement.isColumnNull(column);
}

std::optional<std::int64_t> Query::maybe_integer(int column) const {
    if (is_null(column)) return std::nullopt;
    return integer(column);
}

void Query::bind_value(int index, std::int64_t value) {
    translated(prepared_->sql, [&] { prepared_->statement.bind(index, value); });
}

void Query::bind_value(int index, double value) {
    translated(prepared_->sql, [&] { prepared_->statement.bind(index, value); });
}

void Query::bind_value(int index, std::string_view value) {
    translated(prepared_->sql, [&] { prepared_->statement.bind(index, std::string(value)); });
}

void Query::bind_value(int index, std::nullopt_t) {
    translated(prepared_->sql, [&] { prepared_->statement.bind(index); });
}

void Query::bind_value(int index, const std::optional<std::int64_t>& value) {
    if (value) {
        bind_value(index, *value);
    } else {
        bind_value(index, std::nullopt);
    }
}

Connection::Connection(const std::string& file, Mode mode) {
    stop_counting_memory();
    translated("opening " + file, [&] {
        const int flags =
            mode == Mode::read_only ? SQLite::OPEN_READONLY : SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE;
        handle_ = std::make_unique<Handle>(file, flags | SQLite::OPEN_NOMUTEX);
        // The file remembers that it is in WAL mode, so only the first opener of a new database changes anything. Two
        // first openers at once can refuse each other here, where SQLite does not apply the busy timeout.
        constexpr int kAttempts = 200;
        for (int attempt = 1; mode == Mode::read_write; ++attempt) {
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

Connection::~Connection() = default;

Query Connection::query_text(std::string_view sql) {
    return translated(sql, [&]() -> Query {
        auto found = handle_->prepared.find(sql);
        if (found == handle_->prepared.end()) {
            auto fresh = std::make_unique<Query::Prepared>(handle_->database, std::string(sql));
            found = handle_->prepared.emplace(std::string(sql), std::move(fresh)).first;
        } else if (found->second->in_use) {
            auto second = std::make_unique<Query::Prepared>(handle_->database, std::string(sql));
            second->temporary = true;
            return Query(*second.release());
        }
        found->second->in_use = true;
        return Query(*found->second);
    });
}

void Connection::forget_prepared() {
    handle_->prepared.clear();
}

void Connection::execute(const std::string& sql) {
    translated(sql, [&] { handle_->database.exec(sql); });
}

std::int64_t Connection::last_row_id() const {
    return handle_->database.getLastInsertRowid();
}
int Connection::changes() const {
    return handle_->database.getChanges();
}

std::int64_t Connection::changed_rows() const {
    return sqlite3_total_changes64(handle_->database.getHandle());
}

void Connection::at_commit(std::function<void(Connection&)> work) {
    if (!gathers_) return work(*this);
    gathered_.push_back(std::move(work));
}

void Connection::run_gathered() {
    const auto works = std::exchange(gathered_, {});
    for (const auto& work : works) work(*this);
}

void Connection::watch_log() {
    const auto told = [](void* length, sqlite3*, const char*, int pages) {
        *static_cast<std::int64_t*>(length) = pages;
        return SQLITE_OK;
    };
    sqlite3_wal_hook(handle_->database.getHandle(), told, &log_length_);
}

LogState Connection::write_back() {
    Query query = this->query("PRAGMA wal_checkpoint(PASSIVE)"_sql);
    query.step();
    return {query.integer(1), query.integer(2)};
}

void Connection::backup_to(const std::string& file) {
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
