// The durable memory of control: generations, audit, what waits for confirmation, rollout journals. One SQLite file.
//
// Invariants: commit() has returned without a Problem ⇔ the generation survives kill -9 and power loss (WAL,
//   synchronous=FULL). After a Problem nothing of that commit is visible. The audit is a hash chain whose head is
//   kept beside it, so a missing last line shows as well. A generation's number is never given twice, whatever becomes
//   of the file (GenerationLedger).
// Threads: one for each Store; writing blocks it for the length of an fsync. The process has two on the same file: one
//   that the store's thread writes to (store_thread.h), one that control reads from.
// Owns: the database connection. Errors: a full disk is 507, everything else 500, with SQLite's own words.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/base/result.h"
#include "control/store/records.h"

namespace switchyard::control {

// The kind of the problem that a store cannot be opened where it is, though nothing says that it is damaged.
inline constexpr const char* kStoreUnusable = "store-unusable";

class Store {
  public:
    struct Options {
        std::string vfs;  // name of a registered SQLite VFS; empty: the system's. Tests put one in that fails
    };

    struct Opened;
    // A file that is not a sound database is renamed to <path>.corrupt-<time> and a new one begun; `notice` then
    // says so and belongs in front of the operator. A file that cannot be opened at all is an error.
    static Result<Opened> open(const std::string& path, const Options& options);
    static Result<Opened> open(const std::string& path);
    // What can be read of a store in a folder that cannot be written: a private copy, which takes no change – 503
    // `store_unavailable`, for the reason `why`. Without anything that can be read, an empty one.
    static Result<Opened> open_copy(const std::string& path, const std::string& why);
    // A copy of what is durable, as a store of its own; what is written meanwhile is not held up.
    static Result<void> copy(const std::string& from, const std::string& to);
    // Whether this version could go on with it, whatever a newer one has made of it.
    static Result<void> usable(const std::string& path);
    // So long is the file of before a newer format kept beside it.
    static constexpr std::chrono::hours kOriginalKept{7 * 24};
    // A second connection to the sound store that is open in this process, for another thread: it sees what the first
    // has made durable, and waits for none of its writing. To be read from only.
    static Result<std::unique_ptr<Store>> open_reader(const std::string& path, const Options& options);
    // One that holds nothing and takes nothing, for the reason `why`: 503 `store_unavailable`.
    static std::unique_ptr<Store> refusing(const std::string& why);
    // From now on no change is taken, for the reason `why`.
    void refuse_changes(std::string why);
    ~Store();
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    Result<void> commit(const Commit& commit);
    // An act that makes no generation (a confirmation, a refused file) but belongs in the audit.
    Result<void> note(const AuditEntry& entry);
    // The pending change was confirmed: forget its deadline and write the audit line, in one step.
    Result<void> settle(std::uint64_t generation, const AuditEntry& entry);
    // Its deadline is another one now; with an audit line, or without, in one step.
    Result<void> put_off(const PendingConfirmation& pending, const AuditEntry* entry);
    // The file was taken over and made no generation: its text is remembered all the same.
    Result<void> set_base(const FileBase& base);
    // The file whose bytes have this hash was refused by the guard: a start, which has no guard, must not take it.
    // Writes the audit line as well, in one step. Forgotten with the next file that is taken over.
    Result<void> refuse_file(const std::string& hash, const AuditEntry& entry);

    Result<std::optional<Generation>> newest();
    Result<std::optional<Generation>> generation(std::uint64_t number);
    // Newest first, without their configuration texts; only those with number < before when before > 0.
    Result<std::vector<Generation>> generations(std::uint64_t before, unsigned limit);
    // The generations of one maker and verb that are still in the history: the first, and how many. Zero: none.
    struct Made {
        std::uint64_t first = 0, count = 0;
    };
    Result<Made> made_by(const std::string& who, const std::string& verb);
    Result<std::optional<FileBase>> base();
    Result<std::optional<std::string>> refused_file();
    Result<std::optional<PendingConfirmation>> pending();
    Result<std::optional<IdempotencyRow>> idempotency(const std::string& who, const std::string& key);
    // The first reply to a key stays; later ones change nothing.
    Result<void> keep_reply(const KeptReply& reply);
    Result<std::optional<KeptReply>> kept_reply(const std::string& who, const std::string& key);

    Result<std::vector<AuditEntry>> audit(std::uint64_t before, unsigned limit);
    // The whole record in one go, and in slices, for a thread with other things to do: until it is done.
    Result<AuditVerdict> verify_audit(const std::optional<AuditAnchor>& anchor = {});
    Result<void> verify_slice(AuditVerification& so_far);

    // Journals of rollouts, by id: opaque texts that are replaced as a whole.
    Result<void> put_journal(const std::string& id, const std::string& text);
    Result<std::map<std::string, std::string>> journals();
    Result<void> drop_journals(const std::vector<std::string>& ids);

    // Records of releases, by id: as journals.
    Result<void> put_release(const std::string& id, const std::string& text);
    Result<std::map<std::string, std::string>> releases();
    Result<void> drop_releases(const std::vector<std::string>& ids);

    // Last good addresses of names; one without any is forgotten.
    Result<void> put_addresses(const std::map<std::string, std::vector<std::string>>& rows);
    Result<std::map<std::string, std::vector<std::string>>> addresses();
    // What was discovered, by upstream: the source, and a text; one without a source is forgotten.
    Result<void> put_rolls(const std::map<std::string, std::pair<std::string, std::string>>& rows);
    Result<std::map<std::string, std::pair<std::string, std::string>>> rolls();

  private:
    struct Members;
    explicit Store(std::unique_ptr<Members> members);
    static Opened opened(std::unique_ptr<Store> store, std::uint64_t newest, std::uint64_t seen_in_damaged,
                         const std::string& damage);
    std::unique_ptr<Members> members_;
};

struct Store::Opened {
    std::unique_ptr<Store> store;
    std::string notice;      // empty when all is well
    std::uint64_t next = 1;  // the number of the next generation: above every one that was ever acknowledged
};

}  // namespace switchyard::control
