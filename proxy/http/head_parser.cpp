#include "proxy/http/head_parser.h"

#include <cstring>

#include "proxy/http/characters.h"

namespace switchyard::http {
namespace {

using Outcome = HeadParser::Outcome;

Slice slice(std::size_t offset, std::size_t length) {
    return {static_cast<std::uint16_t>(offset), static_cast<std::uint16_t>(length)};
}

// "HTTP/1.x" exactly; 505 for other well-formed versions. A minor version that is not known is the highest that we do
// (RFC 9110 §6.2).
Outcome parse_version(std::string_view text, std::uint8_t& minor) {
    if (text.size() != 8 || std::memcmp(text.data(), "HTTP/", 5) != 0 || !is(text[5], kDigit) || text[6] != '.' ||
        !is(text[7], kDigit))
        return Outcome::bad;
    if (text[5] != '1') return Outcome::bad_version;
    minor = text[7] == '0' ? 0 : 1;
    return Outcome::done;
}

// Where a target goes on to whose first characters up to `end` are those of any target: in a query more may stand.
[[gnu::cold, gnu::noinline]] std::size_t end_of_odd_query(std::string_view line, std::size_t begin, std::size_t end) {
    if (line.substr(begin, end - begin).find('?') == line.npos) return end;
    while (end < line.size() && is(line[end], kQuery)) ++end;
    return end;
}

Outcome parse_request_line(const char* base, std::size_t length, Head& head) {
    const std::string_view line(base, length);
    const auto first = line.find(' ');
    if (first == 0 || first == line.npos) return Outcome::bad;
    if (!all(line.substr(0, first), kToken)) return Outcome::bad;
    std::size_t end = first + 1;
    while (end < length && is(line[end], kTarget)) ++end;
    if (end == length || line[end] != ' ') end = end_of_odd_query(line, first + 1, end);
    if (end == first + 1 || end == length || line[end] != ' ') return Outcome::bad;
    head.method = slice(0, first);
    head.target = slice(first + 1, end - first - 1);
    return parse_version(line.substr(end + 1), head.minor);
}

// status-line = HTTP-version SP status-code SP [ reason-phrase ]; the second space may be missing without a reason.
Outcome parse_status_line(const char* base, std::size_t length, Head& head) {
    const std::string_view line(base, length);
    if (length < 12 || line[8] != ' ') return Outcome::bad;
    if (auto outcome = parse_version(line.substr(0, 8), head.minor); outcome != Outcome::done) return outcome;
    unsigned status = 0;
    for (std::size_t i = 9; i < 12; ++i) {
        if (!is(line[i], kDigit)) return Outcome::bad;
        status = status * 10 + static_cast<unsigned>(line[i] - '0');
    }
    if (status < 100) return Outcome::bad;  // from 600 on it is of no class, and passes as a 5xx (RFC 9110 §15)
    head.status = static_cast<std::uint16_t>(status);
    head.reason = {0, 0};
    if (length > 12) {
        if (line[12] != ' ' || !all_value(line.substr(13))) return Outcome::bad;
        head.reason = slice(13, length - 13);
    }
    return Outcome::done;
}

// What a line that is not complete yet may not contain: early refusal of binary junk and bare CR.
bool plausible(std::string_view partial) {
    for (std::size_t i = 0; i < partial.size(); ++i)
        if (!is(partial[i], kValue) && !(partial[i] == '\r' && i + 1 == partial.size())) return false;
    return true;
}

// An answer's first octets, before its first line is complete.
bool may_become_status_line(std::string_view partial) {
    constexpr std::string_view kBegin = "HTTP/";
    return partial.substr(0, kBegin.size()) == kBegin.substr(0, partial.size());
}

}  // namespace

bool parse_field_line(const char* base, std::size_t offset, std::size_t length, Field& field) {
    const char* line = base + offset;
    std::size_t colon = plain_name(line, length);
    while (colon < length && is(line[colon], kToken)) ++colon;
    if (colon == 0 || colon == length || line[colon] != ':') return false;
    std::size_t begin = colon + 1, end = length;
    while (begin < end && (line[begin] == ' ' || line[begin] == '\t')) ++begin;
    while (end > begin && (line[end - 1] == ' ' || line[end - 1] == '\t')) --end;
    if (!all_value({line + begin, end - begin})) return false;
    field.name = slice(offset, colon);
    field.value = slice(offset + begin, end - begin);
    field.id = field_name({line, colon});
    field.drop = false;
    field.line_end = static_cast<std::uint16_t>(offset + length + 2);
    return true;
}

std::size_t HeadParser::skip_empty_lines(std::string_view bytes) {
    std::size_t skipped = 0;
    for (unsigned i = 0; i < kLeadingLines && bytes.substr(skipped, 2) == "\r\n"; ++i) skipped += 2;
    return skipped;
}

HeadParser::Outcome HeadParser::parse(std::string_view bytes, Head& head, bool request) {
    if (bytes.size() > kMaxHead) bytes = bytes.substr(0, kMaxHead);
    if (!started_) {
        head.field_count = 0;
        head.known = 0;
    }
    const char* base = bytes.data();
    for (;;) {
        const void* found =
            line_start_ < bytes.size() ? std::memchr(base + line_start_, '\n', bytes.size() - line_start_) : nullptr;
        if (found == nullptr) {
            if (!plausible(bytes.substr(line_start_))) return Outcome::bad;
            // A client that speaks something else may never end a line: that is not waited for.
            if (!request && !started_ && !may_become_status_line(bytes)) return Outcome::bad;
            if (bytes.size() < kMaxHead) return Outcome::more;
            return request && !started_ ? Outcome::target_long : Outcome::too_large;
        }
        const auto newline = static_cast<std::size_t>(static_cast<const char*>(found) - base);
        if (newline == line_start_ || base[newline - 1] != '\r') return Outcome::bad;
        const std::size_t length = newline - 1 - line_start_;
        if (!started_) {
            const auto outcome =
                request ? parse_request_line(base, length, head) : parse_status_line(base, length, head);
            if (outcome != Outcome::done) return outcome;
            started_ = true;
        } else if (length == 0) {
            head.size = static_cast<std::uint32_t>(newline + 1);
            return Outcome::done;
        } else {
            if (head.field_count == kMaxFields) return Outcome::too_large;
            Field& field = head.fields[head.field_count];
            if (!parse_field_line(base, line_start_, length, field)) return Outcome::bad;
            head.known |= 1u << static_cast<unsigned>(field.id);
            ++head.field_count;
        }
        line_start_ = newline + 1;
    }
}

}  // namespace switchyard::http
