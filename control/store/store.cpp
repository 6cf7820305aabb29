#include "control/store/store.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <utility>

#include "control/base/timestamp.h"
#include "control/store/audit_chain.h"
#include "control/store/tables.h"

namespace switchyard::control {
namespace {

// Idempotency keys are for clients that retry after seconds or minutes, not for ever.
constexpr std::int64_t kIdempotencyKept = 10'000;
// Another process that holds the file for a moment (a backup) is waited for this long.
constexpr int kBusyMs = 1000;

std::string words(const std::vector<std::string>& changes) {
    return nlohmann::json(changes).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::vector<std::string> from_words(const std::string& text) {
    const auto parsed = nlohmann::json::parse(text, nullptr, false);
    return parsed.is_array() ? parsed.get<std::vector<std::string>>() : std::vector<std::string>{};
}

bool says_corrupt(const SQLite::Exception& e) {
    return e.getErrorCode() == SQLITE_CORRUPT || e.getErrorCode() == SQLITE_NOTADB;
}

Problem problem_of(const SQLite::Exception& e) {
    const std::string text =
        fmt::format("the state file could not be used ({}); nothing was changed, traffic goes on", e.what());
    if (e.getErrorCode() == SQLITE_FULL)
        return problems::store_full(text + "; make room on the disk that holds state_dir");
    if (e.getErrorCode() == SQLITE_READONLY) return problems::internal(text + "; state_dir must be writable");
    return problems::internal(text);
}

std::int64_t signed_of(std::uint64_t value) {
    return static_cast<std::int64_t>(value);
}

}  // namespace

struct Store::Members {
    SQLite::Database db;

    Members(const std::string& path, const std::string& vfs)
        : db(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, kBusyMs, vfs) {}

    // Statements are kept prepared: a switch is answered in about the time of one fsync.
    std::map<std::string, SQLite::Statement> prepared;
    SQLite::Statement& statement(const char* sql) {
        auto it = prepared.find(sql);
        if (it == prepared.end()) it = prepared.try_emplace(sql, db, sql).first;
        it->second.tryReset();
        it->second.clearBindings();
        return it->second;
    }

    std::optional<std::string> meta(const char* name) {
        auto& s = statement("SELECT value FROM meta WHERE name = ?");
        s.bind(1, name);
        std::optional<std::string> value;
        if (s.executeStep()) value = s.getColumn(0).getString();
        s.tryReset();
        return value;
    }
    void set_meta(const char* name, const std::string& value) {
        auto& s = statement("INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value");
        s.bind(1, name);
        s.bind(2, value);
        s.exec();
    }

    void append_audit(AuditEntry entry) {
        const auto head = meta("audit_head");
        const auto count = meta("audit_count");
        entry.number = (count ? std::stoull(*count) : 0) + 1;
        entry.previous_hash = head.value_or(kAuditGenesis);
        entry.hash = audit_hash(entry);
        auto& s = statement("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
        s.bind(1, signed_of(entry.number));
        s.bind(2, entry.at);
        s.bind(3, entry.who);
        s.bind(4, entry.from);
        s.bind(5, entry.verb);
        s.bind(6, entry.reason);
        s.bind(7, signed_of(entry.generation));
        s.bind(8, words(entry.changes));
        s.bind(9, entry.previous_hash);
        s.bind(10, entry.hash);
        s.exec();
        set_meta("audit_head", entry.hash);
        set_meta("audit_count", std::to_string(entry.number));
    }

    void write(const Commit& c);

    // Runs `body` in one transaction; any failure leaves nothing behind.
    Result<void> durably(const std::function<void()>& body) {
        try {
            SQLite::Transaction transaction(db, SQLite::TransactionBehavior::IMMEDIATE);
            body();
            transaction.commit();
            return {};
        } catch (const SQLite::Exception& e) {
            return problem_of(e);
        }
    }
    template <class T>
    Result<T> reading(const std::function<T()>& body) {
        try {
            return body();
        } catch (const SQLite::Exception& e) {
            return problem_of(e);
        }
    }
};

namespace {

void migrate(SQLite::Database& db) {
    const int applied = db.execAndGet("PRAGMA user_version").getInt();
    for (std::size_t i = static_cast<std::size_t>(applied); i < kMigrations.size(); ++i) {
        SQLite::Transaction transaction(db, SQLite::TransactionBehavior::IMMEDIATE);
        db.exec(kMigrations[i]);
        db.exec("PRAGMA user_version = " + std::to_string(i + 1));
        transaction.commit();
    }
}

Generation generation_of(SQLite::Statement& s) {
    Generation g;
    g.number = static_cast<std::uint64_t>(s.getColumn(0).getInt64());
    g.parent = static_cast<std::uint64_t>(s.getColumn(1).getInt64());
    g.config = s.getColumn(2).getString();
    g.at = s.getColumn(3).getString();
    g.who = s.getColumn(4).getString();
    g.from = s.getColumn(5).getString();
    g.verb = s.getColumn(6).getString();
    g.reason = s.getColumn(7).getString();
    g.changes = from_words(s.getColumn(8).getString());
    return g;
}

AuditEntry audit_of(SQLite::Statement& s) {
    AuditEntry e;
    e.number = static_cast<std::uint64_t>(s.getColumn(0).getInt64());
    e.at = s.getColumn(1).getString();
    e.who = s.getColumn(2).getString();
    e.from = s.getColumn(3).getString();
    e.verb = s.getColumn(4).getString();
    e.reason = s.getColumn(5).getString();
    e.generation = static_cast<std::uint64_t>(s.getColumn(6).getInt64());
    e.changes = from_words(s.getColumn(7).getString());
    e.previous_hash = s.getColumn(8).getString();
    e.hash = s.getColumn(9).getString();
    return e;
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

}  // namespace

Store::Store(std::unique_ptr<Members> members) : members_(std::move(members)) {}
Store::~Store() = default;

Result<Store::Opened> Store::open(const std::string& path) {
    return open(path, Options{});
}

Result<Store::Opened> Store::open(const std::string& path, const Options& options) {
    std::string notice;
    for (int attempt = 0; attempt < 2; ++attempt) {
        std::string why;
        try {
            auto members = std::make_unique<Members>(path, options.vfs);
            auto& db = members->db;
            // Before anything is written: a damaged file must be set aside as it was found.
            const std::string verdict = db.execAndGet("PRAGMA quick_check(1)").getString();
            if (verdict == "ok") {
                const int version = db.execAndGet("PRAGMA user_version").getInt();
                if (version > static_cast<int>(kMigrations.size()))
                    return problems::internal(
                        fmt::format("{} was written by a newer switchyard (format {}, this one knows {}); run that "
                                    "version, or point process.state_dir at another directory",
                                    path, version, kMigrations.size()));
                db.execAndGet("PRAGMA journal_mode = WAL");
                db.exec("PRAGMA synchronous = FULL");
                migrate(db);
                members->statement("SELECT count(*) FROM generations").executeStep();
                return Opened{std::unique_ptr<Store>(new Store(std::move(members))), notice};
            }
            why = verdict;
        } catch (const SQLite::Exception& e) {
            if (!says_corrupt(e))
                return problems::internal(fmt::format(
                    "{} cannot be opened ({}); process.state_dir must be a writable directory", path, e.what()));
            why = e.what();
        }
        const std::string kept = set_aside(path);
        notice = fmt::format(
            "the state file {} was damaged ({}); it was kept as {} and a new one begun: the history "
            "and audit before this moment are only there",
            path, why, kept);
    }
    return problems::internal(path + " is damaged and could not be set aside; move it away by hand");
}

void Store::Members::write(const Commit& c) {
    const auto& g = c.generation;
    auto& s = statement("INSERT INTO generations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
    s.bind(1, signed_of(g.number));
    s.bind(2, signed_of(g.parent));
    s.bind(3, g.config);
    s.bind(4, g.at);
    s.bind(5, g.who);
    s.bind(6, g.from);
    s.bind(7, g.verb);
    s.bind(8, g.reason);
    s.bind(9, words(g.changes));
    s.exec();
    append_audit({0, g.at, g.who, g.from, g.verb, g.reason, g.number, g.changes, {}, {}});
    if (c.file_hash) set_meta("file_hash", *c.file_hash);
    statement("DELETE FROM pending").exec();
    if (c.pending) {
        auto& p = statement("INSERT INTO pending VALUES (?, ?, ?)");
        p.bind(1, signed_of(c.pending->generation));
        p.bind(2, signed_of(c.pending->restore));
        p.bind(3, c.pending->deadline_ms);
        p.exec();
    }
    if (c.idempotency) {
        auto& i = statement("INSERT INTO idempotency (who, key, fingerprint, generation) VALUES (?, ?, ?, ?)");
        i.bind(1, c.idempotency->who);
        i.bind(2, c.idempotency->key);
        i.bind(3, c.idempotency->fingerprint);
        i.bind(4, signed_of(c.idempotency->generation));
        i.exec();
        auto& old = statement("DELETE FROM idempotency WHERE id <= ?");
        old.bind(1, db.getLastInsertRowid() - kIdempotencyKept);
        old.exec();
    }
    if (c.keep > 0 && g.number > c.keep) {
        // What a pending change would return to is kept whatever the retention says.
        auto& d =
            statement("DELETE FROM generations WHERE number <= ? AND number NOT IN (SELECT restore FROM pending)");
        d.bind(1, signed_of(g.number - c.keep));
        d.exec();
    }
}

Result<void> Store::commit(const Commit& c) {
    return members_->durably([&] { members_->write(c); });
}

Result<void> Store::note(const AuditEntry& entry) {
    return members_->durably([&] { members_->append_audit(entry); });
}

Result<void> Store::settle(std::uint64_t generation, const AuditEntry& entry) {
    return members_->durably([&] {
        auto& s = members_->statement("DELETE FROM pending WHERE generation = ?");
        s.bind(1, signed_of(generation));
        s.exec();
        members_->append_audit(entry);
    });
}

Result<void> Store::set_file_hash(const std::string& hash) {
    return members_->durably([&] { members_->set_meta("file_hash", hash); });
}

Result<std::optional<Generation>> Store::newest() {
    return members_->reading<std::optional<Generation>>([&]() -> std::optional<Generation> {
        auto& s = members_->statement("SELECT * FROM generations ORDER BY number DESC LIMIT 1");
        if (!s.executeStep()) return std::nullopt;
        auto g = generation_of(s);
        s.tryReset();
        return g;
    });
}

Result<std::optional<Generation>> Store::generation(std::uint64_t number) {
    return members_->reading<std::optional<Generation>>([&]() -> std::optional<Generation> {
        auto& s = members_->statement("SELECT * FROM generations WHERE number = ?");
        s.bind(1, signed_of(number));
        if (!s.executeStep()) return std::nullopt;
        auto g = generation_of(s);
        s.tryReset();
        return g;
    });
}

Result<std::vector<Generation>> Store::generations(std::uint64_t before, unsigned limit) {
    return members_->reading<std::vector<Generation>>([&] {
        auto& s = members_->statement(
            "SELECT number, parent, '', at, who, origin, verb, reason, changes FROM generations "
            "WHERE ?1 = 0 OR number < ?1 ORDER BY number DESC LIMIT ?2");
        s.bind(1, signed_of(before));
        s.bind(2, limit);
        std::vector<Generation> out;
        while (s.executeStep()) out.push_back(generation_of(s));
        return out;
    });
}

Result<std::optional<std::string>> Store::file_hash() {
    return members_->reading<std::optional<std::string>>([&] { return members_->meta("file_hash"); });
}

Result<std::optional<PendingConfirmation>> Store::pending() {
    return members_->reading<std::optional<PendingConfirmation>>([&]() -> std::optional<PendingConfirmation> {
        auto& s = members_->statement("SELECT generation, restore, deadline_ms FROM pending");
        if (!s.executeStep()) return std::nullopt;
        PendingConfirmation p{static_cast<std::uint64_t>(s.getColumn(0).getInt64()),
                              static_cast<std::uint64_t>(s.getColumn(1).getInt64()), s.getColumn(2).getInt64()};
        s.tryReset();
        return p;
    });
}

Result<std::optional<IdempotencyRow>> Store::idempotency(const std::string& who, const std::string& key) {
    return members_->reading<std::optional<IdempotencyRow>>([&]() -> std::optional<IdempotencyRow> {
        auto& s = members_->statement("SELECT fingerprint, generation FROM idempotency WHERE who = ? AND key = ?");
        s.bind(1, who);
        s.bind(2, key);
        if (!s.executeStep()) return std::nullopt;
        IdempotencyRow row{key, who, s.getColumn(0).getString(), static_cast<std::uint64_t>(s.getColumn(1).getInt64())};
        s.tryReset();
        return row;
    });
}

Result<std::vector<AuditEntry>> Store::audit(std::uint64_t before, unsigned limit) {
    return members_->reading<std::vector<AuditEntry>>([&] {
        auto& s = members_->statement("SELECT * FROM audit WHERE ?1 = 0 OR number < ?1 ORDER BY number DESC LIMIT ?2");
        s.bind(1, signed_of(before));
        s.bind(2, limit);
        std::vector<AuditEntry> out;
        while (s.executeStep()) out.push_back(audit_of(s));
        return out;
    });
}

Result<AuditVerdict> Store::verify_audit() {
    return members_->reading<AuditVerdict>([&] {
        AuditVerdict verdict;
        auto& s = members_->statement("SELECT * FROM audit ORDER BY number");
        std::string previous = kAuditGenesis;
        const auto bad = [&](std::uint64_t number, std::string detail) {
            verdict = {false, verdict.entries, number, std::move(detail)};
        };
        while (verdict.intact && s.executeStep()) {
            const auto entry = audit_of(s);
            if (entry.number != verdict.entries + 1)
                bad(verdict.entries + 1, fmt::format("line {} is missing", verdict.entries + 1));
            else if (entry.previous_hash != previous)
                bad(entry.number, fmt::format("line {} does not follow the line before it", entry.number));
            else if (entry.hash != audit_hash(entry))
                bad(entry.number, fmt::format("line {} was changed after it was written", entry.number));
            else
                ++verdict.entries, previous = entry.hash;
        }
        s.tryReset();
        if (!verdict.intact) return verdict;
        const auto count = members_->meta("audit_count").value_or("0");
        if (count != std::to_string(verdict.entries))
            bad(verdict.entries + 1,
                fmt::format("{} lines were written, {} are there: the last ones are missing", count, verdict.entries));
        else if (members_->meta("audit_head").value_or(kAuditGenesis) != previous)
            bad(verdict.entries, "the last line is not the one that was written last");
        return verdict;
    });
}

Result<void> Store::put_journal(const std::string& id, const std::string& text) {
    return members_->durably([&] {
        auto& s = members_->statement(
            "INSERT INTO journals VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET text = excluded.text");
        s.bind(1, id);
        s.bind(2, text);
        s.exec();
    });
}

Result<std::map<std::string, std::string>> Store::journals() {
    return members_->reading<std::map<std::string, std::string>>([&] {
        auto& s = members_->statement("SELECT id, text FROM journals");
        std::map<std::string, std::string> out;
        while (s.executeStep()) out[s.getColumn(0).getString()] = s.getColumn(1).getString();
        return out;
    });
}

}  // namespace switchyard::control
