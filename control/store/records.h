// What the store keeps, as plain rows.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace switchyard::control {

// One generation of the configuration and how it came to be.
struct Generation {
    std::uint64_t number = 0;
    std::uint64_t parent = 0;                              // the generation it was made from; 0 for the first
    std::string config;                                    // canonical text, secrets included; empty in lists
    std::string at;                                        // UTC, microseconds
    std::string who;                                       // name of the token, or "file" / "switchyard"
    std::string from;                                      // address of the caller, or the file's path
    std::string verb;                                      // switch, split, put-config, undo, …
    std::string reason;                                    // X-Reason
    std::vector<std::string> changes;                      // in words
    std::map<std::string, std::string> certificates = {};  // name → SHA-256 of the one that was shown when it was made
    bool operator==(const Generation&) const = default;
};

// One line of the audit. hash = SHA-256 over the previous hash and every other field, so that a changed, missing or
// inserted line breaks the chain at that place.
struct AuditEntry {
    std::uint64_t number = 0;  // set by the store
    std::string at, who, from, verb, reason;
    std::uint64_t generation = 0;  // in force after it
    std::vector<std::string> changes;
    std::string previous_hash, hash;  // set by the store
    bool operator==(const AuditEntry&) const = default;
};

// A change that undoes itself unless it is confirmed in time.
struct PendingConfirmation {
    std::uint64_t generation = 0;  // the change that waits
    std::uint64_t restore = 0;     // the generation to return to
    std::int64_t deadline_ms = 0;  // wall clock, Unix milliseconds: it must survive a restart
    bool operator==(const PendingConfirmation&) const = default;
};

// The first answer to an Idempotency-Key, as far as it has to survive a restart.
struct IdempotencyRow {
    std::string key, who;
    std::string fingerprint;  // of the call: the same key with another call is refused
    std::uint64_t generation = 0;
    bool operator==(const IdempotencyRow&) const = default;
};

// The same of a call that makes no generation (confirm, rollouts): the answer itself.
struct KeptReply {
    std::string key, who;
    std::string fingerprint;
    unsigned status = 0;
    std::string location;  // of what was made; empty: nothing
    std::string body;
    bool operator==(const KeptReply&) const = default;
};

// The configuration file as it was last taken over: what the next reading of it is compared with.
struct FileBase {
    std::string config;  // canonical text, secrets included
    std::string hash;    // of the file's bytes
    std::string at;      // UTC, microseconds
    bool operator==(const FileBase&) const = default;
};

// Everything that becomes durable together, in one transaction.
// A rollout's journal: its lines only ever grow in number.
struct JournalRow {
    std::string id;
    std::string text;
    bool operator==(const JournalRow&) const = default;
};

struct Commit {
    Generation generation;
    // Of a rollout that ordered it, where that is not durable by itself yet: what is resumed after a kill is not a
    // journal that knows nothing of it.
    std::optional<JournalRow> journal;
    std::optional<FileBase> base;  // when the configuration file was taken over
    std::optional<IdempotencyRow> idempotency;
    std::optional<PendingConfirmation> pending;  // empty: whatever was pending is settled by this change
    std::uint64_t keep = 0;                      // generations to keep; 0: all
    // A generation that may be durable and was never put in force: its idempotency key stands for nothing any more.
    std::uint64_t withdraws = 0;
};

struct AuditVerdict {
    bool intact = true;
    std::uint64_t entries = 0;
    std::uint64_t first_bad = 0;  // number of the first line that does not fit
    std::string detail;           // what is wrong with it
    std::string head;             // the last line's hash, when all is well
};

// A line of the audit as noted down outside: a rewriting of the whole record cannot give that line this hash.
struct AuditAnchor {
    std::uint64_t number = 0;
    std::string hash;
};

// The record as far as it has been looked at. It may grow meanwhile: what is there when the last line has been read
// counts.
struct AuditVerification {
    std::optional<AuditAnchor> anchor;
    AuditVerdict verdict;
    std::string previous;  // hash of the last line that fits
    bool done = false;
};

}  // namespace switchyard::control
