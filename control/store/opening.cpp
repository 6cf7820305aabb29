// Opening the store: checked before anything is written, migrated, and set aside when it is damaged.
#include <SQLiteCpp/Backup.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <stdlib.h>  // mkdtemp
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include "control/base/timestamp.h"
#include "control/store/members.h"
#include "control/store/tables.h"

namespace switchyard::control {
namespace {

bool says_corrupt(const SQLite::Exception& e) {
    return e.getErrorCode() == SQLITE_CORRUPT || e.getErrorCode() == SQLITE_NOTADB;
}

void migrate(SQLite::Database& db) {
    const int applied = db.execAndGet("PRAGMA user_version").getInt();
    for (std::size_t i = static_cast<std::size_t>(applied); i < kMigrations.size(); ++i) {
        SQLite::Transaction transaction(db, SQLite::TransactionBehavior::IMMEDIATE);
        db.exec(kMigrations[i]);
        db.exec("PRAGMA user_version = " + std::to_string(i + 1));
        transaction.commit();
    }
}

// A newer file may say which of those before it can use it: migrations add, and take away one release later. Without a
// word no reader can.
std::size_t min_reader(SQLite::Database& db) {
    SQLite::Statement said(db, "SELECT value FROM meta WHERE name = 'min_reader'");
    return said.executeStep() ? static_cast<std::size_t>(said.getColumn(0).getInt64()) : SIZE_MAX;
}

// Only the owner may read it, whatever the folder allows: every secret of the configuration is in it. The companions
// that SQLite makes get the same mode.
void keep_private(const std::string& path) {
    constexpr ::mode_t kOwner = S_IRUSR | S_IWUSR;
    const int fresh = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, kOwner);
    if (fresh >= 0) {
        ::close(fresh);
        return;
    }
    // Where that is refused, opening it is as well, and says why.
    for (const char* part : {"", "-wal", "-shm"}) static_cast<void>(::chmod((path + part).c_str(), kOwner));
}

// As it was before this version wrote its own format into it: for a way back to the version before.
void keep_original(SQLite::Database& db, const std::string& path) {
    const std::string to = path + ".before-" + std::to_string(kMigrations.size());
    std::error_code ignored;  // it need not exist
    std::filesystem::remove(to, ignored);
    keep_private(to);
    SQLite::Database target(to, SQLite::OPEN_READWRITE);
    SQLite::Backup(target, db).executeStep(-1);
}

// No operator goes back that far: they hold every secret of the configuration, and are not kept for ever.
void forget_originals(const std::string& path) {
    const std::filesystem::path whole(path);
    const std::string begins = whole.filename().string() + ".before-";
    std::error_code ec;
    for (const auto& each : std::filesystem::directory_iterator(whole.parent_path(), ec)) {
        const auto age = std::filesystem::file_time_type::clock::now() - each.last_write_time(ec);
        if (!ec && age > Store::kOriginalKept && each.path().filename().string().starts_with(begins))
            std::filesystem::remove(each.path(), ec);
    }
}

Result<void> fit(SQLite::Database& db, const std::string& path) {
    const int version = db.execAndGet("PRAGMA user_version").getInt();
    if (version <= static_cast<int>(kMigrations.size()) || min_reader(db) <= kMigrations.size()) return {};
    return problems::internal(
        fmt::format("{} was written by a newer switchyard (format {}, this one knows {}); run that "
                    "version, or point process.state_dir at another directory",
                    path, version, kMigrations.size()));
}

// Moves the database and its companions out of the way; the operator may still want to look at them.
std::string set_aside(const std::string& path) {
    const std::string suffix = ".corrupt-" + compact_timestamp(std::chrono::system_clock::now());
    std::string to = path + suffix;
    for (int n = 2; std::filesystem::exists(to); ++n) to = path + suffix + "-" + std::to_string(n);
    for (const char* part : {"-wal", "-shm", ""}) {
        std::error_code ignored;  // the companions need not exist
        std::filesystem::rename(path + part, to + part, ignored);
    }
    return to;
}

// The highest generation that a damaged file still shows; 0 when it shows none.
std::uint64_t newest_in(const std::string& damaged) {
    std::uint64_t newest = 0;
    for (const char* sql : {"SELECT max(number) FROM generations", "SELECT max(generation) FROM audit"}) {
        try {
            SQLite::Database db(damaged, SQLite::OPEN_READONLY);
            newest = std::max(newest, unsigned_of(db.execAndGet(sql)));
        } catch (const SQLite::Exception&) {
            // It is damaged: whatever cannot be read is not known.
        }
    }
    return newest;
}

// A folder that only this process may look into; empty: there is no place for one.
std::string private_folder() {
    std::error_code ec;
    const std::string usual = std::filesystem::temp_directory_path(ec).string();
    for (const std::string& place : {ec ? std::string("/tmp") : usual, std::string("/dev/shm"), std::string("/run")}) {
        std::string path = place + "/switchyard-XXXXXX";
        if (::mkdtemp(path.data()) != nullptr) return path;
    }
    return {};
}

}  // namespace

// A database in a folder that cannot be written cannot be read either, once a crash has left its log beside it: SQLite
// has to work the log in. A copy can.
Result<Store::Opened> Store::open_copy(const std::string& path, const std::string& why) {
    const std::string folder = private_folder();
    const std::string copy = folder.empty() ? ":memory:" : folder + "/switchyard.db";
    std::string damage;
    if (!folder.empty())
        for (const char* part : {"", "-wal", ".ledger"}) {
            std::error_code ec;
            const bool there = std::filesystem::exists(path + part, ec) && !ec;
            if (there && !std::filesystem::copy_file(path + part, copy + part, ec) && std::string(part).empty())
                damage = "; " + path + " cannot be read: " + ec.message();
        }
    auto opened = open(copy);
    if (opened) opened->store->members_->unavailable = why + damage;
    // The open files are all that is needed of it, and it holds every secret of the configuration.
    std::error_code ignored;
    if (!folder.empty()) std::filesystem::remove_all(folder, ignored);
    return opened;
}

Result<void> Store::copy(const std::string& from, const std::string& to) {
    try {
        for (const char* part : {"", "-wal", "-shm", ".ledger"}) {
            std::error_code ignored;  // the companions need not exist
            std::filesystem::remove(to + part, ignored);
        }
        keep_private(to);
        SQLite::Database source(from, SQLite::OPEN_READONLY), target(to, SQLite::OPEN_READWRITE);
        source.setBusyTimeout(1000);
        SQLite::Backup backup(target, source);
        backup.executeStep(-1);
        return {};
    } catch (const SQLite::Exception& e) {
        return Problem(500, kStoreUnusable, fmt::format("{} cannot be copied to {} ({})", from, to, e.what()));
    }
}

Result<void> Store::usable(const std::string& path) {
    try {
        SQLite::Database db(path, SQLite::OPEN_READONLY);
        return fit(db, path);
    } catch (const SQLite::Exception& e) {
        return Problem(500, kStoreUnusable, fmt::format("{} cannot be read ({})", path, e.what()));
    }
}

Result<std::unique_ptr<Store>> Store::open_reader(const std::string& path, const Options& options) {
    try {
        auto members = std::make_unique<Members>(path, options.vfs);
        members->db.exec("PRAGMA query_only = 1");
        return std::unique_ptr<Store>(new Store(std::move(members)));
    } catch (const SQLite::Exception& e) {
        return Problem(500, kStoreUnusable, fmt::format("{} cannot be read ({})", path, e.what()));
    }
}

std::unique_ptr<Store> Store::refusing(const std::string& why) {
    auto members = std::make_unique<Members>(":memory:", "");
    members->unavailable = why;
    return std::unique_ptr<Store>(new Store(std::move(members)));
}

Result<Store::Opened> Store::open(const std::string& path) {
    return open(path, Options{});
}

Result<Store::Opened> Store::open(const std::string& path, const Options& options) {
    std::string damage;
    std::uint64_t seen_in_damaged = 0;
    for (int attempt = 0; attempt < 2; ++attempt) {
        std::string why;
        if (path != ":memory:") keep_private(path);
        try {
            auto members = std::make_unique<Members>(path, options.vfs);
            auto& db = members->db;
            // Before anything is written: a damaged file must be set aside as it was found.
            const std::string verdict = db.execAndGet("PRAGMA quick_check(1)").getString();
            if (verdict == "ok") {
                const int version = db.execAndGet("PRAGMA user_version").getInt();
                if (auto usable = fit(db, path); !usable) return usable.error();
                db.execAndGet("PRAGMA journal_mode = WAL");
                db.exec("PRAGMA synchronous = FULL");
                if (version > 0 && version < static_cast<int>(kMigrations.size()) && path != ":memory:")
                    keep_original(db, path);
                migrate(db);
                if (path != ":memory:") forget_originals(path);
                const std::uint64_t newest =
                    unsigned_of(db.execAndGet("SELECT ifnull(max(number), 0) FROM generations"));
                return opened(std::unique_ptr<Store>(new Store(std::move(members))), newest, seen_in_damaged, damage);
            }
            why = verdict;
        } catch (const SQLite::Exception& e) {
            if (!says_corrupt(e))
                return Problem(500, kStoreUnusable,
                               fmt::format("{} cannot be opened ({}); process.state_dir must be a writable directory",
                                           path, e.what()));
            why = e.what();
        }
        const std::string kept = set_aside(path);
        seen_in_damaged = newest_in(kept);
        damage = fmt::format(
            "the state file {} was damaged ({}); it was kept as {} and a new one begun: the history "
            "and audit before this moment are only there",
            path, why, kept);
    }
    return problems::internal(path + " is damaged and could not be set aside; move it away by hand");
}

Store::Opened Store::opened(std::unique_ptr<Store> store, std::uint64_t newest, std::uint64_t seen_in_damaged,
                            const std::string& damage) {
    const std::uint64_t reserved = store->members_->ledger.reserved();
    std::uint64_t next = newest + 1;
    std::string notice = damage;
    if (newest == 0) {
        next = std::max({next, reserved, seen_in_damaged + 1});
        if (damage.empty() && next > 1)
            notice = fmt::format(
                "the state file holds no generation, although numbers below {} may have been given out: "
                "was it removed? The history before this moment is not in it",
                next);
    } else if (reserved > next + GenerationLedger::kAhead) {
        next = reserved;
        notice = fmt::format(
            "the state file ends with generation {}, although numbers below {} may have been given out: "
            "it is an older copy, and the changes after it are not in it",
            newest, next);
    }
    if (!notice.empty() && next > 1) notice += fmt::format("; generations go on at {}", next);
    return {std::move(store), std::move(notice), next};
}

}  // namespace switchyard::control
