// Keys of `routes`. See field.h; `when` is described by condition_json.h.
#pragma once

#include "config/fields/field.h"
#include "config/fields/fields_access.h"
#include "config/fields/fields_compress.h"
#include "config/fields/fields_hold.h"
#include "config/model.h"

namespace switchyard::config {

template <class Visitor>
void describe(Visitor& field, Type<Match>) {
    field("hosts", &Match::hosts, {.doc = "Host names, exact or *.suffix, in lower case; empty: any."});
    field("path_prefix", &Match::path_prefix,
          {.doc = "Start of the path, at segment borders: /api matches /api and /api/x, not /apiary."});
    field("path_exact", &Match::path_exact, {.doc = "The whole path, instead of path_prefix."});
    field("path_matches", &Match::path_matches,
          {.doc = "Regular expression (RE2) that some part of the path matches, beside path_prefix."});
    field("host_matches", &Match::host_matches,
          {.doc = "Regular expression (RE2) that some part of the host matches, in lower case; instead of hosts."});
    field("before_prefixes", &Match::before_prefixes,
          {.doc = "path_matches is asked before the prefixes of its host, as location ~ of nginx is."});
    field("before_expressions", &Match::before_expressions,
          {.doc = "Where this is the longest prefix, no expression outside it is asked first, as with location ^~ of "
                  "nginx."});
    field("methods", &Match::methods, {.doc = "Request methods; empty: any."});
    field("listeners", &Match::listeners,
          {.doc = "Names of the listeners that a request may have come to; empty: any."});
}

template <class Visitor>
void describe(Visitor& field, Type<Rule>) {
    field("name", &Rule::name, {.doc = "Name of the rule; shown in logs and by explain.", .required = true});
    field("when", &Rule::when, {.doc = "The condition.", .required = true});
    field(
        "upstream", &Rule::upstream,
        {.doc =
             "Where requests go for which it holds; @candidate: to the upstream of a split between two that gets less, "
             "while a rollout runs to the one that it leads to."});
    field("fallback", &Rule::fallback,
          {.doc = "Upstream that serves them while `upstream` has no usable endpoint or its breaker is open; empty: "
                  "nobody, the answer is 503."});
    field("respond", &Rule::respond, {.doc = "Answer them with a fixed response instead."});
    field("deny", &Rule::deny,
          {.doc = "Refuse them with this status instead, and count them as denied; 0: off.", .max = 599});
}

template <class Visitor>
void describe(Visitor& field, Type<Sticky>) {
    field("by", &Sticky::key, {.doc = "The key whose salted hash decides, such as cookie:uid.", .required = true});
    field("mint", &Sticky::mint, {.doc = "cookie only: set the cookie when a request has none."});
    field("missing", &Sticky::missing,
          {.doc = "What a request without the key gets: baseline (the first of the split), random, or client (hash of "
                  "its address)."});
    field("salt", &Sticky::salt, {.doc = "Same salt, same people in the first percent; empty: the route's name."});
}

template <class Visitor>
void describe(Visitor& field, Type<HeaderEdits>) {
    field("set", &HeaderEdits::set,
          {.doc = "Headers that are put in place of any there are; {client}, {host}, {target} and {request_id}, or "
                  "{client_cn} … of its certificate, are filled in, and groups of the route's expressions as in "
                  "redirects."});
    field("add", &HeaderEdits::add, {.doc = "Headers that are added beside any there are, filled in likewise."});
    field("remove", &HeaderEdits::remove, {.doc = "Headers that are taken out."});
}

template <class Visitor>
void describe(Visitor& field, Type<RateLimit>) {
    field("by", &RateLimit::key, {.doc = "Whose bucket: a key such as client or header:X-Api-Key."});
    field("requests", &RateLimit::requests,
          {.doc = "Requests allowed in each `per`; 0: off.", .max = limits::kRequests});
    field("per", &RateLimit::per, {.doc = "The time that `requests` refers to.", .min = 1});
    field("burst", &RateLimit::burst,
          {.doc = "Requests that may come at once; 0: the same as requests.", .max = limits::kRequests});
}

template <class Visitor>
void describe(Visitor& field, Type<Rewrite>) {
    field(
        "matches", &Rewrite::matches,
        {.doc = "Regular expression (RE2) on the path, whose groups `to` names; empty: those of match.path_matches."});
    field("to", &Rewrite::to,
          {.doc = "The path instead; {1} … {9} stand for groups, {host.1} … for those of match.host_matches, {host}, "
                  "{path} and {query} for those of the request. With a '?' in it, it says the query as well.",
           .required = true});
}

template <class Visitor>
void describe(Visitor& field, Type<Substitution>) {
    field("from", &Substitution::from, {.doc = "What the endpoint says.", .required = true});
    field("to", &Substitution::to,
          {.doc = "What the client is told instead; {host} and groups of the route's expressions as in redirects.",
           .required = true});
}

template <class Visitor>
void describe(Visitor& field, Type<AnswerRewrites>) {
    field("location", &AnswerRewrites::location, {.doc = "Starts of Location and Refresh; the first that fits."});
    field("cookie_domain", &AnswerRewrites::cookie_domain,
          {.doc = "Domains of cookies that are set, whole ones, with or without a dot before them."});
    field("cookie_path", &AnswerRewrites::cookie_path, {.doc = "Starts of the paths of cookies that are set."});
}

template <class Visitor>
void describe(Visitor& field, Type<Limits>) {
    field("body", &Limits::body, {.doc = "Largest request body; 0: no limit.", .bytes = true});
    field("in_flight", &Limits::in_flight,
          {.doc = "Requests of this route at once, over all workers; 0: no limit.", .max = limits::kConnections});
    field("rate", &Limits::rate, {.doc = "Requests per time and client."});
}

template <class Visitor>
void describe(Visitor& field, Type<RouteTimeouts>) {
    field("request", &RouteTimeouts::request, {.doc = "The whole exchange, first byte to last; 0s: no limit."});
    field("tunnel_idle", &RouteTimeouts::tunnel_idle,
          {.doc = "A tunnel (WebSocket, CONNECT) without a byte.", .min = 1});
    field("connect", &RouteTimeouts::connect, {.doc = "To open a connection; 0s: as timeouts of the upstream say."});
    field("response_head", &RouteTimeouts::response_head,
          {.doc = "From the end of the request to the end of the response head; 0s: as the upstream's."});
    field("idle", &RouteTimeouts::idle,
          {.doc = "Without a byte in either direction while a body is open; 0s: as the upstream's."});
}

template <class Visitor>
void describe(Visitor& field, Type<Retries>) {
    field("attempts", &Retries::attempts, {.doc = "Further attempts after the first.", .max = limits::kRetryAttempts});
    field("budget_percent", &Retries::budget_percent,
          {.doc = "Retries at once, as a share of the worker's active requests.", .max = 100});
    field("on", &Retries::on,
          {.doc = "Statuses after which another endpoint is asked, where there is one and the request is idempotent: "
                  "numbers, and \"5xx\" for all that begin so."});
    field("per_try", &Retries::per_try,
          {.doc = "How long one attempt may take, to the head of its answer; 0s: no limit of its own."});
    field("backoff", &Retries::backoff,
          {.doc =
               "Longest pause before the first retry, drawn by chance; twice as long before each further one, 16 times "
               "at most. 0s: none."});
}

template <class Visitor>
void describe(Visitor& field, Type<RouteGrpc>) {
    field("failures", &RouteGrpc::failures,
          {.doc = "Statuses of gRPC that are a failure of the endpoint, by their names."});
    field("retry_on", &RouteGrpc::retry_on,
          {.doc = "Statuses after which another endpoint is asked, where nothing but the status was answered."});
}

template <class Visitor>
void describe(Visitor& field, Type<Redirect>) {
    field("to", &Redirect::to,
          {.doc = "Where to; {host}, {path} and {query} stand for those of the request, {1} … for groups of "
                  "match.path_matches, {host.1} … of match.host_matches.",
           .required = true});
    field("status", &Redirect::status, {.doc = "301, 302, 303, 307 or 308.", .min = 301, .max = 308});
}

template <class Visitor>
void describe(Visitor& field, Type<Jwt>) {
    field("algorithm", &Jwt::algorithm,
          {.doc = "How tokens are signed.", .required = true, .choices = {"HS256", "RS256", "ES256"}});
    field("key", &Jwt::key, {.doc = "The secret (HS256) or the public key in PEM; never shown."});
    field("key_file", &Jwt::key_file, {.doc = "File to read the key from, instead of `key`."});
    field("header", &Jwt::header, {.doc = "Request header that carries the token."});
}

template <class Visitor>
void describe(Visitor& field, Type<Route>) {
    field("name", &Route::name, {.doc = "Name of the route.", .required = true});
    field("match", &Route::match, {.doc = "Which requests it takes; without it, all."});
    field("access", &Route::access, {.doc = "Which clients are let in, before anything else is asked."});
    field("rules", &Route::rules, {.doc = "The first whose condition holds decides, before the split."});
    field(
        "split", &Route::split,
        {.doc = "Upstreams and their weights, exact in each block of as many requests as the reduced weights sum to."});
    field("candidate", &Route::candidate,
          {.doc =
               "While both weights of a split of two are equal: which of them `@candidate` is. Kept by Switchyard (the "
               "one that had less before); empty: the second."});
    field("sticky", &Route::sticky,
          {.doc = "Split by a key of the request instead of by chance; grows monotonically."});
    field("request_headers", &Route::request_headers, {.doc = "Edits of request headers."});
    field("response_headers", &Route::response_headers, {.doc = "Edits of response headers."});
    field("strip_prefix", &Route::strip_prefix, {.doc = "Start of the path that is taken off before sending."});
    field("replace_prefix", &Route::replace_prefix, {.doc = "What is put in its place."});
    field("forwarded_prefix", &Route::forwarded_prefix,
          {.doc = "Tell the endpoint what strip_prefix took off, in X-Forwarded-Prefix."});
    field("answers", &Route::answers,
          {.doc = "Where answers lead and whom their cookies are for, in the client's words."});
    field(
        "expires", &Route::expires,
        {.doc = "How long answers may be kept: a time such as 1h, no-cache or max (ten years); empty: as the endpoint "
                "says."});
    field("rewrite", &Route::rewrite,
          {.doc = "The path that is sent on instead: the first whose expression matches decides."});
    field("limits", &Route::limits, {.doc = "What a client may ask for."});
    field("timeouts", &Route::timeouts, {.doc = "How long an exchange may take."});
    field("retries", &Route::retries, {.doc = "Trying another endpoint after a failure."});
    field("redirect", &Route::redirect, {.doc = "Answer with a redirect instead of a split."});
    field("respond", &Route::respond, {.doc = "Answer with a fixed response instead of a split."});
    field("jwt", &Route::jwt, {.doc = "Verifies the token whose claims rules and keys may use."});
    field("debug_headers", &Route::debug_headers,
          {.doc = "Add X-Switchyard to responses: generation, route, rule, upstream and endpoint."});
    field("abort_on_close", &Route::abort_on_close,
          {.doc = "Give a request up when its client closes the connection or its sending side before the answer is "
                  "over."});
    field("allow_connect", &Route::allow_connect, {.doc = "Pass CONNECT on."});
    field(
        "reroute", &Route::reroute,
        {.doc = "Requests that the split gives to an upstream without a usable endpoint go to its other upstreams, by "
                "their weights."});
    field("allow_trailers", &Route::allow_trailers,
          {.doc = "Names of trailers that are passed on, where the message announces them in Trailer."});
    field("grpc", &Route::grpc, {.doc = "What is made of the statuses of gRPC calls."});
    field("error_pages", &Route::error_pages,
          {.doc = "Files that clients are shown in place of Switchyard's own errors, by status or \"4xx\", \"5xx\"."});
    field("hold", &Route::hold,
          {.doc = "Requests wait, or get a page, until a moment; `switchyard hold` and `resume` write and end it."});
    field("compress", &Route::compress, {.doc = "How answers are compressed on their way to clients that take it."});
}

template <class Visitor>
void describe(Visitor& field, Type<Model>) {
    field("process", &Model::process,
          {.doc = "Fixed for the life of the process; everything else can change while it runs."});
    field("listeners", &Model::listeners, {.doc = "Where connections are accepted."});
    field("certificates", &Model::certificates, {.doc = "Certificates with their keys, for listeners that speak TLS."});
    field("upstreams", &Model::upstreams, {.doc = "Named groups of endpoints."});
    field("routes", &Model::routes, {.doc = "Which requests go where; the most specific match wins."});
}

}  // namespace switchyard::config
