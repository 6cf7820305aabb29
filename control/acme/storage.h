// What is kept of certificates that are asked for, below the state directory: certificates/NAME/current.pem (whom it is
// from, its chain and its key in one file), certificates/NAME/state.json (what has failed since), acme/ID.pem (the key
// of an account, one for each directory).
//
// Invariants: folders 0700, files 0600; a file is replaced as a whole (written aside, synced, renamed), so that a
//   process that is killed leaves the old one or the new one.
// Threads: any; waits for the disk. Errors: sentences that name the file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "control/acme/order.h"

namespace switchyard::control::acme {

// Survives a restart: who is killed in a loop must not ask an authority in a loop.
struct Memory {
    std::string directory;   // of the certificate that stands in current.pem
    unsigned failures = 0;   // in a row
    std::int64_t next = 0;   // not before, after a failure or an order that went well; seconds since 1970
    Refusal last = {};       // of the latest failure
    std::string asked = {};  // what for and whom, then: another wish need not wait
    bool operator==(const Memory&) const = default;
};

class Storage {
  public:
    explicit Storage(std::string state_dir) : state_dir_(std::move(state_dir)) {}

    // Nothing: there is none, or it cannot be read, and `why` says so.
    std::optional<std::string> account(const std::string& id, std::string& why) const;
    // Why not; empty: done. One that is there is never replaced: an authority may know whom it belongs to.
    std::string keep_account(const std::string& id, const std::string& pem) const;
    std::string account_file(const std::string& id) const;
    std::string keep_certificate(const std::string& name, const std::string& directory, const std::string& pem) const;
    // As it was kept; the usual one where there is none or it says nothing.
    Memory memory(const std::string& name) const;
    std::string remember(const std::string& name, const Memory& memory) const;

  private:
    enum class There : bool { replaced, kept };
    std::string replace(const std::string& folder, const std::string& file, const std::string& text,
                        There there = There::replaced) const;
    const std::string state_dir_;
};

// Of the account at a directory: a word that can name a file.
std::string account_id(const std::string& directory, const std::string& key_id);

}  // namespace switchyard::control::acme
