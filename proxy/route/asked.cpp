#include "proxy/route/asked.h"

#include <charconv>

#include "proxy/http/characters.h"
#include "proxy/http/grpc.h"
#include "proxy/http/guard_failure.h"
#include "proxy/route/route.h"
#include "proxy/route/said_client.h"
#include "proxy/route/token_verifier.h"

namespace switchyard::route {
namespace {

// No chain of proxies is as long; a route that leads back to its own proxy would go round until the head is full.
constexpr unsigned kMostPasses = 10;

// What a group took of one path may climb out of another.
bool climbs(std::string_view path) {
    return path.find("/../") != path.npos || path.find("/./") != path.npos || path.ends_with("/..") ||
           path.ends_with("/.");
}

}  // namespace

Failure Asked::check(const char* base) {
    facts.base = base;
    guarded = http::guard_request(base, head);
    if (guarded.refused != nullptr) {
        refusal = guarded.refused;
        return http::failure_of(guarded);
    }
    target = http::read_target(base, head);
    if (target.refused != nullptr) return refuse(target.refused);
    facts.method = method();
    facts.query = target.query;
    facts.host = target.host;
    for (char c : target.host) {
        if (c < 'A' || c > 'Z') continue;
        lower_host_ = target.host;
        for (char& l : lower_host_) l = http::lower(l);
        facts.host = lower_host_;
        break;
    }
    facts.path = target.path;
    if (http::needs_normalizing(target.path)) {
        if (!http::normalize_path(target.path, normalized_path_))
            return refuse("a path with a broken escape, or one that climbs above the root");
        facts.path = normalized_path_;
    }
    return check_hops();
}

void Asked::look_for_grpc(const char* base) {
    facts.base = base;
    if (method() != "POST" || !http::is_grpc(http::value_of(base, head, "content-type"))) return;
    grpc.is = true;
    grpc.timeout_ms = http::parse_grpc_timeout(http::value_of(base, head, "grpc-timeout")).value_or(-1);
}

void Asked::count_grpc_attempt(std::int64_t left_ms) {
    if (!grpc.tried_before()) {
        const std::string_view said = http::value_of(facts.base, head, "grpc-previous-rpc-attempts");
        std::uint32_t clients = 0;  // what is no number counts for nothing
        std::from_chars(said.data(), said.data() + said.size(), clients);
        grpc.attempts_before = clients;
    }
    ++grpc.attempts_before;
    grpc.left_ms = left_ms;
}

// RFC 9110 §7.6: how far it may go, and where it has been.
Failure Asked::check_hops() {
    if (head.has(http::FieldName::max_forwards) && counts_forwards()) {
        if (!http::parse_max_forwards(facts.base, head, forwards_left))
            return refuse("a Max-Forwards that is not one number");
        // RFC 9110 §7.6.2: a recipient that gets zero is the last one.
        if (forwards_left == 0) {
            refusal = "Max-Forwards is used up";
            return Failure::not_allowed;
        }
    }
    if (head.has(http::FieldName::via) && http::passes_by(facts.base, head, "switchyard") > kMostPasses)
        return Failure::loop;
    if (facts.method == "TRACE" && !guarded.body.empty()) return refuse("TRACE with a body");
    return Failure::none;
}

void Asked::believe_peer(const ClientAddress& peer, const CidrSet& trusted, std::string_view header) {
    trusted_peer = trusted.contains(peer);
    if (!trusted_peer) return;
    const auto said = said_client(facts.base, head, header, trusted, peer);
    facts.client = said.client;
    said_scheme = parameter_of(said.element, "proto");
    if (!http::all(said_scheme, http::kToken)) said_scheme = {};
}

bool Asked::rewrite(const Route& route) {
    rewritten.clear();
    for (const Rewrite& way : route.rewrites) {
        if (way.matches && !way.matches->found_in(facts.path)) continue;
        std::string to = way.matches ? filled(way.to, {{way.matches.get(), route.host_groups.get()}, facts}, *this)
                                     : filled(way.to, groups(route), *this);
        if (!to.starts_with('/')) to.insert(0, 1, '/');
        if (climbs(std::string_view(to).substr(0, to.find('?')))) {
            refusal = "a path that climbs when it is rewritten";
            return false;
        }
        if (to.ends_with('?')) to.pop_back();
        if (way.to.find('?') == way.to.npos) to += target.tail;
        rewritten = std::move(to);
        return true;
    }
    return true;
}

void Asked::read_claims(const TokenVerifier& verifier, std::int64_t wall_seconds) {
    const auto token = facts.header(verifier.header());
    if (token.data() != nullptr && verifier.verify(token, wall_seconds, claims_)) facts.claims = &claims_;
}

bool Asked::idempotent() const {
    const auto m = method();
    return m == "GET" || m == "HEAD" || m == "OPTIONS" || m == "PUT" || m == "DELETE" || m == "TRACE";
}

}  // namespace switchyard::route
