#include "control/store/database.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <nlohmann/json.hpp>

namespace switchyard::control {
namespace {

// Another process that holds the file for a moment (a backup) is waited for this long.
constexpr int kBusyMs = 1000;

}  // namespace

Database::Database(const std::string& path, const std::string& vfs)
    : db(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, kBusyMs, vfs) {}

int Database::system_error(const SQLite::Exception& e) const {
    if (e.getErrorCode() != SQLITE_IOERR) return 0;
    // Changes are written to the log beside the database: it is the log's file that was refused.
    int error = 0;
    sqlite3_file* log = nullptr;
    sqlite3_file_control(db.getHandle(), "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
    if (log != nullptr && log->pMethods != nullptr) log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &error);
    return error;
}

Problem Database::problem_of(const SQLite::Exception& e) const {
    const int refusal = system_error(e);
    const std::string cause = refusal == 0 ? "" : fmt::format(": {}", std::strerror(refusal));
    const std::string text =
        fmt::format("the state file could not be used ({}{}); nothing was changed, traffic goes on", e.what(), cause);
    if (e.getErrorCode() == SQLITE_FULL)
        return problems::store_full(text + "; make room on the disk that holds state_dir");
    if (e.getErrorCode() == SQLITE_READONLY || refusal == EROFS)
        return problems::internal(text + "; state_dir must be writable");
    return problems::internal(text);
}

SQLite::Statement& Database::statement(const char* sql) {
    auto it = prepared_.find(sql);
    if (it == prepared_.end()) it = prepared_.try_emplace(sql, db, sql).first;
    it->second.tryReset();
    it->second.clearBindings();
    return it->second;
}

std::optional<std::string> Database::meta(const char* name) {
    auto& s = statement("SELECT value FROM meta WHERE name = ?");
    s.bind(1, name);
    std::optional<std::string> value;
    if (s.executeStep()) value = s.getColumn(0).getString();
    s.tryReset();
    return value;
}

void Database::set_meta(const char* name, const std::string& value) {
    auto& s = statement("INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value");
    s.bind(1, name);
    s.bind(2, value);
    s.exec();
}

std::uint64_t Database::count(const char* name) {
    const std::string text = meta(name).value_or("0");
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size() ? number : 0;
}

Result<void> Database::durably(const std::function<void()>& body) {
    if (!unavailable.empty()) return problems::store_unavailable(unavailable);
    try {
        SQLite::Transaction transaction(db, SQLite::TransactionBehavior::IMMEDIATE);
        body();
        transaction.commit();
        return {};
    } catch (const SQLite::Exception& e) {
        auto problem = problem_of(e);
        const int refusal = system_error(e);
        // A read-only file system has taken nothing that could come to light later.
        if (e.getErrorCode() == SQLITE_IOERR && !forget() && refusal != EROFS)
            problem.detail +=
                "; if the machine is restarted before that disk works again, see which generation is in force";
        return problem;
    }
}

bool Database::forget() {
    try {
        SQLite::Transaction transaction(db, SQLite::TransactionBehavior::IMMEDIATE);
        set_meta("forgotten", std::to_string(count("forgotten") + 1));
        transaction.commit();
        return true;
    } catch (const SQLite::Exception&) {
        return false;
    }
}

std::string packed(const std::vector<std::string>& list) {
    return nlohmann::json(list).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::vector<std::string> unpacked(const std::string& text) {
    const auto parsed = nlohmann::json::parse(text, nullptr, false);
    return parsed.is_array() ? parsed.get<std::vector<std::string>>() : std::vector<std::string>{};
}

}  // namespace switchyard::control
