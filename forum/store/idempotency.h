// The first answer to a call with an Idempotency-Key.
//
// Threads: one at a time per connection. Errors: StoreError.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "forum/domain/instant.h"
#include "forum/store/connection.h"

namespace forum {

struct KeptAnswer {
    std::string request_hash;
    int status = 0;
    std::string body;
    std::string location;
    std::string etag;
};

std::optional<KeptAnswer> kept_answer(Connection& connection, std::int64_t user, std::string_view key);
void keep_answer(Connection& connection, std::int64_t user, std::string_view key, const KeptAnswer& answer, Instant at);

}  // namespace forum
