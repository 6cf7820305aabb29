#include "control/store/store.h"

#include <utility>

#include "control/store/address_rows.h"
#include "control/store/audit_rows.h"
#include "control/store/certificate_rows.h"
#include "control/store/members.h"
#include "control/store/release_rows.h"
#include "control/store/roll_rows.h"

namespace switchyard::control {
namespace {

// Idempotency keys are for clients that retry after seconds or minutes, not for ever.
constexpr std::int64_t kIdempotencyKept = 10'000;

Generation generation_of(SQLite::Statement& s) {
    Generation g;
    g.number = unsigned_of(s.getColumn(0));
    g.parent = unsigned_of(s.getColumn(1));
    g.config = s.getColumn(2).getString();
    g.at = s.getColumn(3).getString();
    g.who = s.getColumn(4).getString();
    g.from = s.getColumn(5).getString();
    g.verb = s.getColumn(6).getString();
    g.reason = s.getColumn(7).getString();
    g.changes = unpacked(s.getColumn(8).getString());
    return g;
}

void write_base(Database& database, const FileBase& base) {
    auto& s = database.statement("INSERT OR REPLACE INTO base VALUES (1, ?, ?, ?)");
    s.bind(1, base.config);
    s.bind(2, base.hash);
    s.bind(3, base.at);
    s.exec();
    database.statement("DELETE FROM meta WHERE name = 'refused_file'").exec();
}

// The rows of one commit, within the transaction that runs.
void write(Database& database, const Commit& c) {
    const auto& g = c.generation;
    auto& s = database.statement("INSERT INTO generations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
    s.bind(1, signed_of(g.number));
    s.bind(2, signed_of(g.parent));
    s.bind(3, g.config);
    s.bind(4, g.at);
    s.bind(5, g.who);
    s.bind(6, g.from);
    s.bind(7, g.verb);
    s.bind(8, g.reason);
    s.bind(9, packed(g.changes));
    s.exec();
    certificate_rows::put(database, g.number, g.certificates);
    audit_rows::append(database, {0, g.at, g.who, g.from, g.verb, g.reason, g.number, g.changes, {}, {}});
    if (c.base) write_base(database, *c.base);
    database.statement("DELETE FROM pending").exec();
    if (c.withdraws != 0) {
        auto& withdrawn = database.statement("DELETE FROM idempotency WHERE generation = ?");
        withdrawn.bind(1, signed_of(c.withdraws));
        withdrawn.exec();
    }
    if (c.pending) {
        auto& p = database.statement("INSERT INTO pending VALUES (?, ?, ?)");
        p.bind(1, signed_of(c.pending->generation));
        p.bind(2, signed_of(c.pending->restore));
        p.bind(3, c.pending->deadline_ms);
        p.exec();
    }
    if (c.idempotency) {
        auto& i = database.statement("INSERT INTO idempotency (who, key, fingerprint, generation) VALUES (?, ?, ?, ?)");
        i.bind(1, c.idempotency->who);
        i.bind(2, c.idempotency->key);
        i.bind(3, c.idempotency->fingerprint);
        i.bind(4, signed_of(c.idempotency->generation));
        i.exec();
        auto& old = database.statement("DELETE FROM idempotency WHERE id <= ?");
        old.bind(1, database.db.getLastInsertRowid() - kIdempotencyKept);
        old.exec();
    }
    if (c.journal) {
        // It may have waited while a later text was written.
        auto& j = database.statement(
            "INSERT INTO journals VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET text = excluded.text "
            "WHERE length(excluded.text) > length(journals.text)");
        j.bind(1, c.journal->id);
        j.bind(2, c.journal->text);
        j.exec();
    }
    if (c.keep > 0 && g.number > c.keep) {
        // What a pending change would return to is kept whatever the retention says.
        auto& d = database.statement(
            "DELETE FROM generations WHERE number <= ? AND number NOT IN (SELECT restore FROM pending)");
        d.bind(1, signed_of(g.number - c.keep));
        d.exec();
        certificate_rows::forget(database);
    }
}

}  // namespace

Store::Store(std::unique_ptr<Members> members) : members_(std::move(members)) {}
Store::~Store() = default;

void Store::refuse_changes(std::string why) {
    members_->unavailable = std::move(why);
}

Result<void> Store::commit(const Commit& c) {
    // The number is put beyond use before it is used: whatever becomes of this file, it is never given again.
    if (!members_->unavailable.empty()) return problems::store_unavailable(members_->unavailable);
    if (auto reserved = members_->ledger.reserve(c.generation.number); !reserved) return reserved.error();
    return members_->durably([&] { write(*members_, c); });
}

Result<void> Store::note(const AuditEntry& entry) {
    return members_->durably([&] { audit_rows::append(*members_, entry); });
}

Result<void> Store::settle(std::uint64_t generation, const AuditEntry& entry) {
    return members_->durably([&] {
        auto& s = members_->statement("DELETE FROM pending WHERE generation = ?");
        s.bind(1, signed_of(generation));
        s.exec();
        audit_rows::append(*members_, entry);
    });
}

Result<void> Store::put_off(const PendingConfirmation& pending, const AuditEntry* entry) {
    return members_->durably([&] {
        auto& s = members_->statement("UPDATE pending SET deadline_ms = ? WHERE generation = ?");
        s.bind(1, pending.deadline_ms);
        s.bind(2, signed_of(pending.generation));
        s.exec();
        if (entry != nullptr) audit_rows::append(*members_, *entry);
    });
}

Result<void> Store::set_base(const FileBase& base) {
    return members_->durably([&] { write_base(*members_, base); });
}

Result<void> Store::refuse_file(const std::string& hash, const AuditEntry& entry) {
    return members_->durably([&] {
        members_->set_meta("refused_file", hash);
        audit_rows::append(*members_, entry);
    });
}

Result<std::optional<Generation>> Store::newest() {
    return members_->reading<std::optional<Generation>>([&]() -> std::optional<Generation> {
        auto& s = members_->statement("SELECT * FROM generations ORDER BY number DESC LIMIT 1");
        if (!s.executeStep()) return std::nullopt;
        auto g = generation_of(s);
        s.tryReset();
        g.certificates = certificate_rows::of(*members_, g.number);
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
        g.certificates = certificate_rows::of(*members_, number);
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

Result<Store::Made> Store::made_by(const std::string& who, const std::string& verb) {
    return members_->reading<Made>([&] {
        auto& s = members_->statement(
            "SELECT coalesce(min(number), 0), count(*) FROM generations WHERE who = ? AND verb = ?");
        s.bind(1, who);
        s.bind(2, verb);
        Made made;
        if (s.executeStep()) made = {unsigned_of(s.getColumn(0)), unsigned_of(s.getColumn(1))};
        s.tryReset();
        return made;
    });
}

Result<std::optional<FileBase>> Store::base() {
    return members_->reading<std::optional<FileBase>>([&]() -> std::optional<FileBase> {
        auto& s = members_->statement("SELECT config, hash, at FROM base");
        if (!s.executeStep()) return std::nullopt;
        FileBase base{s.getColumn(0).getString(), s.getColumn(1).getString(), s.getColumn(2).getString()};
        s.tryReset();
        return base;
    });
}

Result<std::optional<std::string>> Store::refused_file() {
    return members_->reading<std::optional<std::string>>([&] { return members_->meta("refused_file"); });
}

Result<std::optional<PendingConfirmation>> Store::pending() {
    return members_->reading<std::optional<PendingConfirmation>>([&]() -> std::optional<PendingConfirmation> {
        auto& s = members_->statement("SELECT generation, restore, deadline_ms FROM pending");
        if (!s.executeStep()) return std::nullopt;
        PendingConfirmation p{unsigned_of(s.getColumn(0)), unsigned_of(s.getColumn(1)), s.getColumn(2).getInt64()};
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
        IdempotencyRow row{key, who, s.getColumn(0).getString(), unsigned_of(s.getColumn(1))};
        s.tryReset();
        return row;
    });
}

Result<void> Store::keep_reply(const KeptReply& reply) {
    return members_->durably([&] {
        auto& s = members_->statement(
            "INSERT INTO replies (who, key, fingerprint, status, location, body) "
            "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING");
        s.bind(1, reply.who);
        s.bind(2, reply.key);
        s.bind(3, reply.fingerprint);
        s.bind(4, reply.status);
        s.bind(5, reply.location);
        s.bind(6, reply.body);
        s.exec();
        auto& old = members_->statement("DELETE FROM replies WHERE id <= (SELECT max(id) FROM replies) - ?");
        old.bind(1, kIdempotencyKept);
        old.exec();
    });
}

Result<std::optional<KeptReply>> Store::kept_reply(const std::string& who, const std::string& key) {
    return members_->reading<std::optional<KeptReply>>([&]() -> std::optional<KeptReply> {
        auto& s =
            members_->statement("SELECT fingerprint, status, location, body FROM replies WHERE who = ? AND key = ?");
        s.bind(1, who);
        s.bind(2, key);
        if (!s.executeStep()) return std::nullopt;
        KeptReply row{key,
                      who,
                      s.getColumn(0).getString(),
                      s.getColumn(1).getUInt(),
                      s.getColumn(2).getString(),
                      s.getColumn(3).getString()};
        s.tryReset();
        return row;
    });
}

Result<std::vector<AuditEntry>> Store::audit(std::uint64_t before, unsigned limit) {
    return members_->reading<std::vector<AuditEntry>>([&] { return audit_rows::page(*members_, before, limit); });
}

Result<AuditVerdict> Store::verify_audit(const std::optional<AuditAnchor>& anchor) {
    AuditVerification verification;
    verification.anchor = anchor;
    while (!verification.done)
        if (auto looked = verify_slice(verification); !looked) return looked.error();
    return std::move(verification.verdict);
}

Result<void> Store::verify_slice(AuditVerification& so_far) {
    return members_->reading<void>([&] { audit_rows::verify(*members_, so_far); });
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

Result<void> Store::drop_journals(const std::vector<std::string>& ids) {
    return members_->durably([&] {
        auto& s = members_->statement("DELETE FROM journals WHERE id = ?");
        for (const std::string& id : ids) {
            s.bind(1, id);
            s.exec();
            s.reset();
        }
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

Result<void> Store::put_release(const std::string& id, const std::string& text) {
    return members_->durably([&] { release_rows::put(*members_, id, text); });
}

Result<void> Store::drop_releases(const std::vector<std::string>& ids) {
    return members_->durably([&] { release_rows::drop(*members_, ids); });
}

Result<std::map<std::string, std::string>> Store::releases() {
    return members_->reading<std::map<std::string, std::string>>([&] { return release_rows::all(*members_); });
}

Result<void> Store::put_addresses(const std::map<std::string, std::vector<std::string>>& rows) {
    return members_->durably([&] { control::put_addresses(*members_, rows); });
}

Result<std::map<std::string, std::vector<std::string>>> Store::addresses() {
    return members_->reading<std::map<std::string, std::vector<std::string>>>(
        [&] { return read_addresses(*members_); });
}

Result<void> Store::put_rolls(const std::map<std::string, std::pair<std::string, std::string>>& rows) {
    return members_->durably([&] { control::put_rolls(*members_, rows); });
}

Result<std::map<std::string, std::pair<std::string, std::string>>> Store::rolls() {
    return members_->reading<RollRows>([&] { return read_rolls(*members_); });
}

}  // namespace switchyard::control
