// The signing keys of this process: a copy of the shared table, read again when it may have changed.
//
// Threads: any. A token with an unknown kid makes the table be read again, at most once a second; otherwise it is
// read every ten seconds, which is how long this process may go on signing with a key that another one has replaced.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "forum/auth/access_token.h"
#include "forum/store/store.h"

namespace forum {

class KeyRing {
  public:
    // Makes the first key when the database has none.
    explicit KeyRing(Store& store);

    SigningKey newest();
    // All that verify, the newest first.
    std::vector<SigningKey> all();
    std::optional<SigningKey> named(std::string_view kid);
    // `overlap`: how long the keys before go on verifying.
    SigningKey rotate(Instant overlap);

  private:
    using Keys = std::shared_ptr<const std::vector<SigningKey>>;
    Keys keys(Instant older_than);

    Store& store_;
    std::mutex mutex_;
    Keys keys_;
    Instant read_at_ = 0;
};

}  // namespace forum
