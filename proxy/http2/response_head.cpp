#include "proxy/http2/response_head.h"

#include <algorithm>

#include "proxy/http2/request_head.h"

namespace switchyard::http2 {

using http::FieldName;

namespace {

constexpr std::uint16_t kSwitching = 101;  // HTTP/2 has no Upgrade (RFC 9113 §8.6)
constexpr unsigned kLeastStatus = 100, kMostStatus = 599;

}  // namespace

void ResponseHead::field(std::string_view name, std::string_view value) {
    if (why_ != nullptr) return;
    if (!name.empty() && name.front() == ':') return status(name, value);
    regular_began_ = true;
    if (!is_field_name(name)) return fail("a field name that is not one");
    if (!is_field_value(value)) return fail("a field value that is not one");
    regular(name, value);
}

void ResponseHead::status(std::string_view name, std::string_view value) {
    if (name != ":status") return fail("a pseudo field that no response has");
    if (regular_began_) return fail("a pseudo field behind a regular one");
    if (status_came_) return fail("a status twice");
    status_came_ = true;
    const bool digits =
        value.size() == 3 && std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!digits) return fail("a status that is not one");
    unsigned number = 0;
    for (const char c : value) number = number * 10 + static_cast<unsigned>(c - '0');
    if (number < kLeastStatus || number > kMostStatus || number == kSwitching) return fail("a status that is not one");
    head_.status = static_cast<std::uint16_t>(number);
}

void ResponseHead::regular(std::string_view name, std::string_view value) {
    const FieldName id = http::field_name(name);
    if (is_of_connection(id)) return fail("a field of one connection");
    if (id == FieldName::te || id == FieldName::http2_settings) return;
    switch (lines_.add(name, value)) {
        case HeadLines::Fit::fits:
            return;
        case HeadLines::Fit::too_many:
            return fail("too many fields");
        case HeadLines::Fit::too_long:
            return fail("fields that are too long");
    }
}

const char* ResponseHead::end(bool end_stream) {
    head_.size = static_cast<std::uint32_t>(lines_.size());
    if (why_ != nullptr) return why_;
    if (!status_came_) fail("no status");
    if (interim() && end_stream) fail("an interim response that ends the stream");
    if (head_.count(FieldName::content_length) > 1) fail("more than one content-length");
    return why_;
}

}  // namespace switchyard::http2
