// What every noun of the API works with. Built once by the program, shared by all threads.
//
// Threads: any; each member says its own rule. Owns nothing: the program outlives it.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "forum/api/call.h"
#include "forum/api/cursor_seal.h"
#include "forum/api/key_ring.h"
#include "forum/api/lifecycle.h"
#include "forum/api/metrics.h"
#include "forum/api/rendered_texts.h"
#include "forum/api/search_turns.h"
#include "forum/auth/password.h"
#include "forum/cache/counters.h"
#include "forum/cache/page_cache.h"
#include "forum/store/store.h"

namespace forum {

struct ApiLimits {
    Instant access_life = 15 * kMinute;
    Instant refresh_life = 30 * kDay;
    std::string operator_token;  // empty: only from the machine itself
    // Failed logins within fifteen minutes: by one address on one account, on one account, by one address.
    std::int64_t login_pair = 10;
    std::int64_t login_account = 50;
    std::int64_t login_address = 100;
    std::int64_t registrations = 0;  // by one address in an hour; 0: any number
    std::int64_t writes = 0;         // by one account in a minute; 0: any number
    std::int64_t daily_texts = 0;    // posts, comments, edits and reports by one account; 0: any number
    std::int64_t daily_bytes = 0;    // sent by one account to be stored; 0: any number
    std::int64_t searches = 0;       // by one address in a minute, that are not known yet; 0: any number
    Instant search_time = 200;       // of a processor, for one search
    bool own_votes = true;           // whether authors may vote on what they wrote
};

struct Service {
    Store& store;
    KeyRing& keys;
    PasswordHasher& hasher;
    PageCache& pages;
    RenderedTexts& texts;
    Counters& counters;
    RedisLink* redis;  // nullptr without Redis
    Lifecycle& lifecycle;
    Metrics& metrics;
    CursorSeal cursors;
    ApiLimits limits;
    std::string openapi = {};  // the document
    SearchTurns search_turns = {};
};

// Runs a change on the writer thread and returns its answer once it is durable. When the call has an Idempotency-Key,
// the first answer is kept in the same transaction and repeated for the same key, whichever process is asked.
Answer run_change(Service& service, const Call& call, const std::function<Answer(Connection&)>& change);

// Throws 400 when it cannot be one.
void check_idempotency_key(std::string_view key);

// `limit` of the query, 1 to 100.
int page_limit(const Call& call);

Answer json_answer(int status, std::string body);
Answer page_answer(const Page& page);

}  // namespace forum
