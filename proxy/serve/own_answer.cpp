#include "proxy/serve/own_answer.h"

#include <algorithm>

#include "proxy/http/characters.h"
#include "proxy/http/grpc.h"
#include "proxy/route/error_pages.h"
#include "proxy/route/groups.h"
#include "proxy/serve/edit_lines.h"

namespace switchyard::serve {
namespace {

constexpr std::int64_t kMostWaitS = 86'400;

// Where the request's body has not been read, or the request could not be read at all, the boundary of the next request
// is unknown.
bool boundary_known(const route::Asked& asked, Failure failure) {
    const bool clean = asked.guarded.body.kind == http::Body::Kind::none && !asked.guarded.expect_continue;
    const bool malformed = traits(failure).source == Source::downstream && failure != Failure::no_route &&
                           failure != Failure::rate_limited && failure != Failure::not_allowed &&
                           failure != Failure::denied;
    return clean && !malformed && asked.came();
}

}  // namespace

OwnAnswer::OwnAnswer(const HeadSources& from, Failure failure, http::GrpcStatus call_status, WorkerContext& context)
    : from_(from), context_(context) {
    const route::Asked& asked = from.asked;
    const FailureTraits& trait = traits(failure);
    reply_.status = trait.status;
    reply_.detail = asked.refusal.empty() ? trait.detail : asked.refusal;
    if (failure == Failure::none) say_as_written();
    if (failure == Failure::breaker_open) say_resting();
    if (failure == Failure::denied) say_denied();
    if (asked.grpc.is && failure != Failure::none) [[unlikely]]
        say_status(call_status);
    else if (failure != Failure::none && from.course.route != nullptr && from.course.route->error_pages)
        say_page();
    if (failure == Failure::not_allowed) reply_.extra_lines = "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n";
    if (reply_.status / 100 == 2 && would_open_tunnel()) [[unlikely]]
        say_no_tunnel();
    reply_.request_id = from.id.text();
    reply_.date_line = context.date();
    reply_.retry_after = from.course.retry_after;
    if (from.course.by_hold) [[unlikely]]
        say_until();
    reply_.close = !boundary_known(asked, failure) || !asked.guarded.keep_alive || from.client.closing();
    reply_.head_only = asked.came() && asked.method() == "HEAD";
}

void OwnAnswer::say_no_tunnel() {
    reply_.status = 501;
    reply_.detail = "what answers here opens no tunnel";
    reply_.body = reply_.content_type = {};
}

// To such a client a good answer is the beginning of one (RFC 9110 §9.3.6, RFC 8441 §5).
bool OwnAnswer::would_open_tunnel() const {
    const route::Asked& asked = from_.asked;
    return asked.came() && (asked.method() == "CONNECT" || (asked.guarded.upgrade && from_.client.framed() != nullptr));
}

void OwnAnswer::say_as_written() {
    const Course& course = from_.course;
    if (course.proof != nullptr) [[unlikely]] {
        reply_.status = 200;
        reply_.body = *course.proof;
        reply_.content_type = "application/octet-stream";
        return;
    }
    const bool by_rule = course.by_answering_rule();
    if (!by_rule && !course.by_hold && !course.route->redirect.to.empty()) {
        reply_.status = course.route->redirect.status;
        location_ =
            "Location: " +
            route::filled_for_client(course.route->redirect.to, from_.asked.groups(*course.route), from_.asked) +
            "\r\n";
        reply_.extra_lines = location_;
        reply_.content_type = "text/plain";
        return;
    }
    const config::Respond& respond = course.by_hold ? course.route->hold->respond
                                     : by_rule
                                         ? course.route->rules[static_cast<std::size_t>(course.decision.rule)].respond
                                         : course.route->respond;
    reply_.status = respond.status;
    reply_.body = respond.body;
    reply_.content_type = respond.content_type;
}

// The page of a route that is held.
void OwnAnswer::say_until() {
    const std::int64_t left_s = from_.course.route->hold->until_s - context_.wall_seconds;
    reply_.retry_after = static_cast<std::uint32_t>(std::clamp<std::int64_t>(left_s, 1, kMostWaitS));
}

// Not in place of what was written for this very case (a breaker's own body).
void OwnAnswer::say_page() {
    const route::Asked& asked = from_.asked;
    const route::ErrorPages::Page* const page = from_.course.route->error_pages->find(reply_.status);
    if (page == nullptr || !reply_.content_type.empty() || route::asks_for_json(asked.facts.base, asked.head)) return;
    reply_.body = *page->text;
    reply_.content_type = page->type;
}

void OwnAnswer::say_denied() {
    if (const route::Rule* const rule = from_.course.denying_rule()) reply_.status = rule->deny;
}

void OwnAnswer::say_resting() {
    const auto& breaker = from_.course.upstream->breaker;
    reply_.status = breaker.static_status;
    if (breaker.static_body.empty()) return;
    reply_.body = breaker.static_body;
    reply_.content_type = "text/plain";
}

// In the words of gRPC: its clients show no body.
void OwnAnswer::say_status(http::GrpcStatus status) {
    message_ = http::grpc_message(reply_.detail);
    reply_.status = 200;
    reply_.grpc_status = static_cast<int>(status);
    reply_.grpc_message = message_;
}

std::string_view OwnAnswer::write(net::Buffer& block) {
    http::HeadWriter writer(block.room());
    write(writer);
    if (!writer.overflow()) return writer.text();
    large_.resize(most());
    http::HeadWriter second(large_);
    write(second);
    return second.text();
}

void OwnAnswer::write(http::HeadWriter& to) {
    const route::Route* const route = from_.course.route;
    if (route == nullptr || route->response_edits.empty()) return http::write_local_reply(to, reply_);
    const route::Edits& edits = route->response_edits;
    net::Buffer small(context_.buffers);
    std::string large;
    http::HeadWriter plain(small.room());
    http::write_local_reply(plain, reply_);
    std::string_view rest = plain.text();
    if (plain.overflow()) {
        large.resize(most());
        http::HeadWriter again(large);
        http::write_local_reply(again, reply_);
        rest = again.text();
    }
    for (bool status_line = true;; status_line = false) {
        const std::string_view line = rest.substr(0, rest.find("\r\n") + 2);
        if (line.size() == 2) break;
        if (status_line || !edits.replaces(line.substr(0, line.find(':')))) to << line;
        rest.remove_prefix(line.size());
    }
    write_edits(to, edits, from_);
    to << rest;
}

// Only a configured body or what is filled in can make it larger than a buffer.
std::size_t OwnAnswer::most() const {
    constexpr std::size_t kOwnLines = 4096;
    std::size_t size =
        reply_.body.size() + reply_.extra_lines.size() + reply_.detail.size() + message_.size() + kOwnLines;
    if (const route::Route* const route = from_.course.route; route != nullptr)
        size += route->response_edits.lines.size() + route->response_edits.fills.size() * http::kMaxHead;
    return size;
}

}  // namespace switchyard::serve
