#include "proxy/serve/endpoint_answer.h"

#include <algorithm>

#include "proxy/http/characters.h"
#include "proxy/http/websocket.h"

namespace switchyard::serve {
namespace {

// An answer that is larger takes its time by its size, and by the client's.
constexpr std::uint64_t kLargest = 1U << 20U;

bool begins_with(std::string_view text, std::string_view lower) {
    if (text.size() < lower.size()) return false;
    return std::ranges::equal(text.substr(0, lower.size()), lower, {}, [](char c) { return http::lower(c); });
}

// The first one of that name that is passed on.
auto find_field(const char* base, auto& head, std::string_view lower) -> decltype(&head.fields[0]) {
    for (std::uint16_t i = 0; i < head.field_count; ++i)
        if (!head.fields[i].drop && http::equals_lower(head.fields[i].name.of(base), lower)) return &head.fields[i];
    return nullptr;
}

}  // namespace

const char* EndpointAnswer::check(const char* base, const route::Asked& asked, bool by_http2) {
    guarded = http::guard_response(base, head, asked.method());
    if (guarded.refused != nullptr) return guarded.refused;
    if (head.status == 101 &&
        !(asked.guarded.upgrade && guarded.upgrade && http::offered_upgrade(asked.facts.base, asked.head, base, head)))
        return "it switches to what was not offered";
    if (by_http2 && asked.guarded.upgrade) [[unlikely]]
        return check_websocket(base, asked);
    return nullptr;
}

// To the client a tunnel is a 200: no other answer may look like one. And it cannot hold the endpoint's proof against a
// key that it has not seen.
const char* EndpointAnswer::check_websocket(const char* base, const route::Asked& asked) {
    if (head.status >= 200 && head.status < 300) return "it does not switch to WebSocket";
    if (head.status != 101) return nullptr;
    http::Field* const proof = find_field(base, head, "sec-websocket-accept");
    const http::Field* const key = find_field(asked.facts.base, asked.head, "sec-websocket-key");
    if (proof == nullptr || key == nullptr) return "it has no Sec-WebSocket-Accept";
    const auto fits = http::websocket_accept(key->value.of(asked.facts.base));
    if (proof->value.of(base) != std::string_view(fits.data(), fits.size())) return "its Sec-WebSocket-Accept is wrong";
    proof->drop = true;
    return nullptr;
}

const std::string& EndpointAnswer::refuse(std::string_view why, std::string_view text) {
    constexpr std::size_t kShown = 64;
    refused = why;
    if (!text.empty()) (refused += ": ") += text.substr(0, kShown);
    return refused;
}

bool EndpointAnswer::ought_to_have_a_body(const route::Asked& asked) const {
    const auto status = head.status;
    return status >= 200 && status < 300 && status != 204 && status != 205 && asked.method() != "HEAD";
}

bool EndpointAnswer::takes_its_time(const char* base) const {
    const http::Body& body = guarded.body;
    if (body.kind == http::Body::Kind::none) return false;
    if (body.kind == http::Body::Kind::length) return body.length > kLargest;
    for (std::uint16_t i = 0; i < head.field_count; ++i) {
        const auto name = head.fields[i].name.of(base);
        if (name.size() != std::string_view("content-type").size() || !begins_with(name, "content-type")) continue;
        const auto type = head.fields[i].value.of(base);
        return begins_with(type, "text/event-stream") || begins_with(type, "application/grpc");
    }
    return false;
}

}  // namespace switchyard::serve
