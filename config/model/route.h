// Which requests are meant, where they go, and what is done to them on the way.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/model/access.h"
#include "config/model/answers.h"
#include "config/model/compress.h"
#include "config/model/condition.h"
#include "config/model/error_pages.h"
#include "config/model/grpc.h"
#include "config/model/hold.h"
#include "config/model/key.h"
#include "config/model/respond.h"
#include "config/model/rewrite.h"
#include "config/model/secret.h"
#include "config/model/status_range.h"
#include "config/text/duration.h"
#include "config/text/spelling.h"

namespace switchyard::config {

struct Match {                       // all optional; empty means "any"
    std::vector<std::string> hosts;  // exact, or *.suffix; lower case
    std::string path_prefix = "/";   // matches at segment borders: /api matches /api and /api/x, not /apiary
    std::string path_exact;          // instead of the prefix when set
    std::vector<std::string> methods;
    std::vector<std::string> listeners;  // by name; empty: all
    std::string host_matches;            // regular expression instead of hosts; empty: none
    std::string path_matches;            // regular expression within the prefix; empty: none
    bool before_prefixes = false;        // asked before the prefixes of its host: nginx's ~
    bool before_expressions = false;     // where it is the longest prefix none of those is asked: nginx's ^~
    bool operator==(const Match&) const = default;
};

struct Rule {
    std::string name;
    Condition when;
    std::string upstream;
    std::string fallback;    // serves while `upstream` has no usable endpoint; empty: none
    Respond respond;         // instead of an upstream
    std::uint16_t deny = 0;  // refuses with this status, instead of an upstream; 0: off
    bool operator==(const Rule&) const = default;
};

struct Sticky {
    Key key;
    bool mint = false;  // cookie only: set it when absent
    enum class Missing : std::uint8_t { baseline, random, client } missing = Missing::baseline;
    std::string salt;  // empty: the route's name
    bool operator==(const Sticky&) const = default;
};
template <>
std::span<const Spelling<Sticky::Missing>> spellings<Sticky::Missing>();

struct HeaderEdits {
    std::map<std::string, std::string> set;  // replaces any value there is
    std::map<std::string, std::string> add;
    std::vector<std::string> remove;
    bool operator==(const HeaderEdits&) const = default;
};

struct RateLimit {
    Key key;                     // whose bucket; default: the client address
    std::uint32_t requests = 0;  // per `per`; 0: off
    Duration per = 1s;
    std::uint32_t burst = 0;  // 0: same as requests
    bool operator==(const RateLimit&) const = default;
};

struct Limits {
    std::uint64_t body = 0;       // request body bytes; 0: no limit
    std::uint32_t in_flight = 0;  // requests of this route, over all workers; 0: no limit
    RateLimit rate;
    bool operator==(const Limits&) const = default;
};

struct RouteTimeouts {
    Duration request = 0ms;  // whole exchange, first byte to last; 0: no limit
    Duration tunnel_idle = 5min;
    // Instead of the upstream's; 0: the upstream's own.
    Duration connect = 0ms;
    Duration response_head = 0ms;
    Duration idle = 0ms;
    bool operator==(const RouteTimeouts&) const = default;
};

struct Retries {
    std::uint32_t attempts = 1;         // further attempts after the first
    std::uint32_t budget_percent = 20;  // of the worker's active requests; at least kMinRetries always
    std::vector<StatusRange> on;        // answers after which another endpoint is asked, where there is one
    Duration per_try = 0ms;             // one attempt, to the head of its answer; 0: no limit of its own
    Duration backoff = 0ms;             // at most so long before the first retry, twice as long before the next
    bool operator==(const Retries&) const = default;
};

struct Redirect {
    std::string to;  // "https://{host}{path}" with {host}, {path}, {query}; empty: off
    std::uint16_t status = 308;
    bool operator==(const Redirect&) const = default;
};

struct Jwt {                // what makes `claim` keys trustworthy
    std::string algorithm;  // HS256 | RS256 | ES256; empty: off
    Secret key;             // shared secret (HS256) or PEM public key
    std::string key_file;   // or read from here
    std::string header = "Authorization";
    bool operator==(const Jwt&) const = default;
};

using Split = std::vector<std::pair<std::string, std::uint32_t>>;  // upstream → weight, in the order written

struct Route {
    std::string name;
    Match match;
    Access access;
    std::vector<Rule> rules;
    Split split;
    std::string candidate;  // while both weights of a split of two are equal: who had less; see candidate.h
    std::optional<Sticky> sticky;
    HeaderEdits request_headers;
    HeaderEdits response_headers;
    std::string strip_prefix;
    std::string replace_prefix;     // put in place of strip_prefix
    std::vector<Rewrite> rewrite;   // the first that matches says what path is sent on
    bool forwarded_prefix = false;  // tells the endpoint what strip_prefix took off (X-Forwarded-Prefix)
    AnswerRewrites answers;
    std::string expires;  // how long answers may be kept: a time, "no-cache" or "max"; empty: as the endpoint says
    Limits limits;
    RouteTimeouts timeouts;
    Retries retries;
    Redirect redirect;
    Respond respond;
    Jwt jwt;
    bool debug_headers = false;
    bool allow_connect = false;
    bool abort_on_close = false;  // a client that closes its side has gone, and its request with it
    bool reroute = true;          // a split's arm without a usable endpoint: its requests go to the other arms
    std::vector<std::string> allow_trailers;  // trailer names that are passed on
    RouteGrpc grpc;
    Compress compress;
    Hold hold;
    ErrorPages error_pages;
    bool operator==(const Route&) const = default;
};

}  // namespace switchyard::config
