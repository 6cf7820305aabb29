#include "proxy/http2/request_head.h"

#include <algorithm>
#include <array>

#include "proxy/http/characters.h"
#include "proxy/http/framing.h"

namespace switchyard::http2 {
namespace {

using http::FieldName;

// Printable ASCII but space and '#', which ends the path of a URL. What else a path may hold is judged where that of
// an HTTP/1 request is.
bool is_path(std::string_view path) {
    return !path.empty() &&
           std::all_of(path.begin(), path.end(), [](char c) { return c > 0x20 && c < 0x7f && c != '#'; });
}

// Of tokens, but for capitals.
constexpr std::array<bool, 256> kNameOctets = [] {
    std::array<bool, 256> octets{};
    for (unsigned c = 0; c < octets.size(); ++c)
        octets[c] = http::is(static_cast<char>(c), http::kToken) && !(c >= 'A' && c <= 'Z');
    return octets;
}();

bool is_token(std::string_view text) {
    return !text.empty() && http::all(text, http::kToken);
}

}  // namespace

bool is_field_name(std::string_view name) {
    if (name.empty()) return false;
    bool fine = true;
    for (const char c : name) fine &= kNameOctets[static_cast<unsigned char>(c)];
    return fine;
}

bool is_field_value(std::string_view value) {
    return http::all_value(value) && http::trim(value).size() == value.size();
}

bool is_of_connection(FieldName name) {
    switch (name) {
        case FieldName::connection:
        case FieldName::keep_alive:
        case FieldName::proxy_connection:
        case FieldName::transfer_encoding:
        case FieldName::upgrade:
            return true;
        default:
            return false;
    }
}

void RequestHead::fail(Verdict verdict, const char* why) {
    if (verdict_ != Verdict::fine) return;
    verdict_ = verdict;
    why_ = why;
}

void RequestHead::field(std::string_view name, std::string_view value) {
    if (verdict_ != Verdict::fine) return;
    if (!name.empty() && name.front() == ':') return pseudo(name, value);
    if (!is_field_name(name)) return fail(Verdict::malformed, "a field name that is not one");
    if (!is_field_value(value)) return fail(Verdict::malformed, "a field value that is not one");
    if (!regular_began_) {
        regular_began_ = true;
        host_line();
    }
    regular(name, value);
}

std::optional<RequestHead::Place> RequestHead::known_pseudo(std::string_view name) {
    if (name == ":path") return Place{kPath, &head_.target};
    if (name == ":method") return Place{kMethod, &head_.method};
    if (name == ":scheme") return Place{kScheme, &scheme_};
    if (name == ":authority") return Place{kAuthority, &authority_};
    if (name == ":protocol") return Place{kProtocol, &protocol_};
    return std::nullopt;
}

void RequestHead::pseudo(std::string_view name, std::string_view value) {
    const auto known = known_pseudo(name);
    if (!known) return fail(Verdict::malformed, "an unknown pseudo field");
    const auto [which, where] = *known;
    if (regular_began_) return fail(Verdict::malformed, "a pseudo field behind a regular one");
    if (has(which)) return fail(Verdict::malformed, "a pseudo field twice");
    seen_ |= which;
    switch (which) {
        case kMethod:
            if (!is_token(value)) return fail(Verdict::malformed, "a method that is not one");
            break;
        case kScheme:
            // What the transport is, the transport knows; this word feeds nothing.
            if (value != "http" && value != "https") return fail(Verdict::malformed, "a scheme other than http, https");
            break;
        case kPath:
            if (!is_path(value)) return fail(Verdict::malformed, "a path that is not one");
            break;
        case kProtocol:
            if (!is_token(value)) return fail(Verdict::malformed, "a protocol that is not one");
            break;
        case kAuthority:
            if (!is_field_value(value)) return fail(Verdict::malformed, "an authority that is not one");
            break;
    }
    append(value, where);
}

void RequestHead::regular(std::string_view name, std::string_view value) {
    const FieldName id = http::field_name(name);
    if (is_of_connection(id)) return fail(Verdict::malformed, "a field of one connection");
    switch (id) {
        case FieldName::http2_settings:
            return;
        case FieldName::te:
            if (!http::equals_lower(value, "trailers")) return fail(Verdict::malformed, "te other than trailers");
            reads_trailers_ = true;
            break;
        case FieldName::cookie:
            if (value.empty()) return;
            return added(lines_.keep("cookie", value, "; "));
        case FieldName::host:
            if (!has(kAuthority)) break;
            if (!http::equals_ignoring_case(value, text_of(authority_)))
                return fail(Verdict::bad, "the authority and the host differ");
            if (host_came_) return fail(Verdict::bad, "more than one host");
            host_came_ = true;
            return;
        default:
            break;
    }
    line(name, value);
}

// Host first, as HTTP/1 wants it (RFC 9110 §7.2).
void RequestHead::host_line() {
    if (has(kAuthority)) line("host", text_of(authority_));
}

void RequestHead::line(std::string_view name, std::string_view value) {
    added(lines_.add(name, value));
}

void RequestHead::added(HeadLines::Fit fit) {
    if (fit == HeadLines::Fit::too_many) fail(Verdict::too_large, "too many fields");
    if (fit == HeadLines::Fit::too_long) fail(Verdict::too_large, "fields that are too long");
}

// `where` is a plain place for the slice. A verdict, when the text is full.
void RequestHead::append(std::string_view octets, http::Slice* where) {
    if (octets.size() > lines_.room()) return fail(Verdict::too_large, "a head that is too long");
    *where = lines_.put(octets);
}

// CONNECT, plain (RFC 9113 §8.5) and extended (RFC 8441 §4); every other method.
void RequestHead::check_connect(bool extended_connect) {
    const bool connect = text_of(head_.method) == "CONNECT";
    if (has(kProtocol)) {
        if (!connect) return fail(Verdict::malformed, "a protocol without CONNECT");
        if (!extended_connect) return fail(Verdict::malformed, "a protocol that was not offered");
        if (head_.has(FieldName::content_length)) return fail(Verdict::malformed, "a content-length on a tunnel");
        if (!http::equals_lower(protocol(), "websocket")) fail(Verdict::bad, "a protocol other than websocket");
    }
    if (connect && !has(kProtocol)) {
        if (has(kPath) || has(kScheme)) return fail(Verdict::malformed, "CONNECT with a path or a scheme");
        if (!has(kAuthority)) return fail(Verdict::malformed, "CONNECT without an authority");
        // It becomes the target.
        if (!is_path(text_of(authority_))) return fail(Verdict::malformed, "an authority that is not one");
        head_.target = authority_;
        return;
    }
    if (!has(kPath) || !has(kScheme)) return fail(Verdict::malformed, "no path or no scheme");
    const std::string_view path = text_of(head_.target);
    if (path.front() != '/' && !(path == "*" && text_of(head_.method) == "OPTIONS"))
        return fail(Verdict::malformed, "a path that does not begin with a slash");
}

void RequestHead::check_length(bool end_stream) {
    const http::Field* length = head_.find(FieldName::content_length);
    if (length == nullptr) return;
    std::uint64_t octets = 0;
    if (head_.count(FieldName::content_length) > 1) return fail(Verdict::malformed, "more than one content-length");
    if (!http::parse_content_length(text_of(length->value), octets))
        return fail(Verdict::malformed, "a content-length that is not a number");
    if (end_stream && octets != 0) return fail(Verdict::malformed, "a content-length without a body");
}

RequestHead::Verdict RequestHead::end(bool end_stream, bool extended_connect) {
    if (verdict_ != Verdict::fine) return verdict_;
    if (!regular_began_) host_line();
    added(lines_.add_kept("cookie"));
    if (!has(kMethod)) fail(Verdict::malformed, "no method");
    if (verdict_ == Verdict::fine) check_connect(extended_connect);
    if (verdict_ == Verdict::fine) check_length(end_stream);
    if (verdict_ == Verdict::fine && head_.count(FieldName::host) != 1)
        fail(Verdict::bad, head_.has(FieldName::host) ? "more than one host" : "no host");
    head_.size = static_cast<std::uint32_t>(lines_.size());
    return verdict_;
}

}  // namespace switchyard::http2
