#include "proxy/serve/endpoint_answer.h"

#include <algorithm>

#include "proxy/http/characters.h"

namespace switchyard::serve {
namespace {

// An answer that is larger takes its time by its size, and by the client's.
constexpr std::uint64_t kLargest = 1U << 20U;

bool begins_with(std::string_view text, std::string_view lower) {
    if (text.size() < lower.size()) return false;
    return std::ranges::equal(text.substr(0, lower.size()), lower, {}, [](char c) { return http::lower(c); });
}

}  // namespace

const char* EndpointAnswer::check(const char* base, const route::Asked& asked) {
    guarded = http::guard_response(base, head, asked.method());
    if (guarded.refused != nullptr) return guarded.refused;
    if (head.status == 101 &&
        !(asked.guarded.upgrade && guarded.upgrade && http::offered_upgrade(asked.facts.base, asked.head, base, head)))
        return "it switches to what was not offered";
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
