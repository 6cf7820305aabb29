// Character classes of RFC 9110 and 9112 as one table look-up.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace switchyard::http {

enum CharClass : std::uint8_t {
    kToken = 1,  // RFC 9110 §5.6.2
    kValue = 2,  // field value octets: HTAB, SP, VCHAR, obs-text
    // What may stand in a request-target before its query: printable ASCII but space, '#', '"', '<', '>', '\\'. RFC
    // 3986 also forbids '^', '`', '{', '|', '}'; clients send them raw and nobody reads them two ways.
    kTarget = 4,
    kHost = 8,  // reg-name, IPv4 and the inside of an IP literal, without '%' and ':'
    kHex = 16,
    kDigit = 32,
    // In its query also '"', '<', '>' and '\\': browsers and curl send them raw there, and no path is read from them.
    kQuery = 64,
};

inline constexpr std::array<std::uint8_t, 256> kCharClass = [] {
    std::array<std::uint8_t, 256> table{};
    for (unsigned c = 0; c < 256; ++c) {
        std::uint8_t bits = 0;
        const bool digit = c >= '0' && c <= '9';
        const bool alpha = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        auto in = [c](std::string_view set) { return c < 128 && set.find(static_cast<char>(c)) != set.npos; };
        if (digit || alpha || in("!#$%&'*+-.^_`|~")) bits |= kToken;
        if (c == '\t' || c == ' ' || (c > 0x20 && c < 0x7f) || c >= 0x80) bits |= kValue;
        if (c > 0x20 && c < 0x7f && !in("#\"<>\\")) bits |= kTarget;
        if (c > 0x20 && c < 0x7f && c != '#') bits |= kQuery;
        if (digit || alpha || in("-._~!$&'()*+;=")) bits |= kHost;
        if (digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')) bits |= kHex;
        if (digit) bits |= kDigit;
        table[c] = bits;
    }
    return table;
}();

inline constexpr char kHexDigits[] = "0123456789ABCDEF";  // of escapes

constexpr bool is(char c, CharClass klass) {
    return (kCharClass[static_cast<unsigned char>(c)] & klass) != 0;
}

constexpr bool all(std::string_view text, CharClass klass) {
    for (char c : text)
        if (!is(c, klass)) return false;
    return true;
}

// all(text, kValue), eight octets at a time: values are most of a head. Source of the two tests: Bit Twiddling Hacks,
// "Determine if a word has a byte less than n" and "has a byte equal to n"; a word with anything unusual in it (a tab
// too) is looked at octet by octet.
inline bool all_value(std::string_view text) {
    constexpr std::uint64_t kOnes = 0x0101010101010101, kHighs = 0x8080808080808080;
    while (text.size() >= 8) {
        std::uint64_t word;
        std::memcpy(&word, text.data(), 8);
        const std::uint64_t no_delete = word ^ kOnes * 0x7f;
        const std::uint64_t below_space = (word - kOnes * 0x20) & ~word;
        const std::uint64_t is_delete = (no_delete - kOnes) & ~no_delete;
        if (((below_space | is_delete) & kHighs) != 0 && !all(text.substr(0, 8), kValue)) return false;
        text.remove_prefix(8);
    }
    return all(text, kValue);
}

constexpr char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

// Equal but for ASCII case; `b` must be lower case already.
constexpr bool equals_lower(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (lower(a[i]) != b[i]) return false;
    return true;
}

// Equal but for ASCII case, however either is written.
constexpr bool equals_ignoring_case(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (lower(a[i]) != lower(b[i])) return false;
    return true;
}

constexpr std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

// Takes the next member off a comma-separated list (RFC 9110 §5.6.1), without the space around it; may be empty.
constexpr std::string_view take_member(std::string_view& list) {
    const auto comma = list.find(',');
    const std::string_view member = trim(list.substr(0, comma));
    list = comma == list.npos ? std::string_view{} : list.substr(comma + 1);
    return member;
}

}  // namespace switchyard::http
