#include "control/store/audit_rows.h"

#include <fmt/format.h>

#include <limits>
#include <utility>

#include "control/store/audit_chain.h"

namespace switchyard::control::audit_rows {
namespace {

// One of either takes a millisecond or two: no waiting caller notices.
constexpr int kSliceLines = 128;
constexpr std::size_t kSliceOctets = 256 * 1024;

AuditEntry audit_of(SQLite::Statement& s) {
    AuditEntry e;
    e.number = unsigned_of(s.getColumn(0));
    e.at = s.getColumn(1).getString();
    e.who = s.getColumn(2).getString();
    e.from = s.getColumn(3).getString();
    e.verb = s.getColumn(4).getString();
    e.reason = s.getColumn(5).getString();
    e.generation = unsigned_of(s.getColumn(6));
    e.changes = unpacked(s.getColumn(7).getString());
    e.previous_hash = s.getColumn(8).getString();
    e.hash = s.getColumn(9).getString();
    return e;
}

}  // namespace

void append(Database& database, AuditEntry entry) {
    const auto head = database.meta("audit_head");
    entry.number = database.count("audit_count") + 1;
    entry.previous_hash = head.value_or(kAuditGenesis);
    entry.hash = audit_hash(entry);
    auto& s = database.statement("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    s.bind(1, signed_of(entry.number));
    s.bind(2, entry.at);
    s.bind(3, entry.who);
    s.bind(4, entry.from);
    s.bind(5, entry.verb);
    s.bind(6, entry.reason);
    s.bind(7, signed_of(entry.generation));
    s.bind(8, packed(entry.changes));
    s.bind(9, entry.previous_hash);
    s.bind(10, entry.hash);
    s.exec();
    database.set_meta("audit_head", entry.hash);
    database.set_meta("audit_count", std::to_string(entry.number));
}

std::vector<AuditEntry> page(Database& database, std::uint64_t before, unsigned limit) {
    auto& s = database.statement("SELECT * FROM audit WHERE ?1 = 0 OR number < ?1 ORDER BY number DESC LIMIT ?2");
    s.bind(1, signed_of(before));
    s.bind(2, limit);
    std::vector<AuditEntry> out;
    while (s.executeStep()) out.push_back(audit_of(s));
    return out;
}

void verify(Database& database, AuditVerification& so_far) {
    // What is read is one moment: a line that comes now is not "missing from the end".
    SQLite::Transaction moment(database.db);
    auto& verdict = so_far.verdict;
    const auto& anchor = so_far.anchor;
    const bool first = verdict.entries == 0;
    if (first) so_far.previous = kAuditGenesis;
    const auto bad = [&](std::uint64_t number, std::string detail) {
        verdict = {false, verdict.entries, number, std::move(detail), {}};
        so_far.done = true;
    };
    auto& s = database.statement("SELECT * FROM audit WHERE number > ? ORDER BY number LIMIT ?");
    // Also what was put before the first line.
    s.bind(1, first ? std::numeric_limits<std::int64_t>::min() : signed_of(verdict.entries));
    s.bind(2, kSliceLines);
    std::size_t lines = 0, octets = 0;
    while (verdict.intact && octets < kSliceOctets && s.executeStep()) {
        const auto entry = audit_of(s);
        ++lines;
        for (const auto& change : entry.changes) octets += change.size();
        if (entry.number != verdict.entries + 1)
            bad(verdict.entries + 1, fmt::format("line {} is missing", verdict.entries + 1));
        else if (entry.previous_hash != so_far.previous)
            bad(entry.number, fmt::format("line {} does not follow the line before it", entry.number));
        else if (entry.hash != audit_hash(entry))
            bad(entry.number, fmt::format("line {} was changed after it was written", entry.number));
        else if (anchor && entry.number == anchor->number && entry.hash != anchor->hash)
            bad(entry.number, fmt::format("line {} is not the one whose hash was noted: the record up to it was "
                                          "written anew",
                                          entry.number));
        else
            ++verdict.entries, so_far.previous = entry.hash;
    }
    s.tryReset();
    if (!verdict.intact || lines == kSliceLines || octets >= kSliceOctets) return;
    so_far.done = true;
    const auto count = database.meta("audit_count").value_or("0");
    if (count != std::to_string(verdict.entries))
        bad(verdict.entries + 1,
            fmt::format("{} lines were written, {} are there: the last ones are missing", count, verdict.entries));
    else if (database.meta("audit_head").value_or(kAuditGenesis) != so_far.previous)
        bad(verdict.entries, "the last line is not the one that was written last");
    else if (anchor && anchor->number > verdict.entries)
        bad(verdict.entries + 1, fmt::format("line {} was noted, the record ends at line {}: the last ones are missing",
                                             anchor->number, verdict.entries));
    else
        verdict.head = so_far.previous;
}

}  // namespace switchyard::control::audit_rows
