// Character classes of RFC 9110 and 9112 as one table look-up.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

namespace switchyard::http {

enum CharClass : std::uint8_t {
    kToken = 1,  // RFC 9110 §5.6.2
    kValue = 2,  // field value octets: HTAB, SP, VCHAR, obs-text
    // What may stand in a request-target before its query: printable ASCII but space, '#', '"', '<', '>', '\\'. RFC
    // 3986 also forbids '^', '`', '{', '|', '}'; clients send them raw and none reads them two ways.
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

// Eight octets as one number, the first in the lowest place; what is told by their high bits keeps that order.
static_assert(std::endian::native == std::endian::little);
inline constexpr std::uint64_t kOnes = 0x0101010101010101, kHighs = 0x8080808080808080;

inline std::uint64_t word_at(const char* octets) {
    std::uint64_t word;
    std::memcpy(&word, octets, sizeof word);
    return word;
}

// all(text, kValue), eight octets at a time: values are most of a head. What is left of the last eight is looked at
// with octets before it once more. Source of the two tests: Bit Twiddling Hacks, "Determine if a word has a byte less
// than n" and "has a byte equal to n"; a text with anything unusual in it (a tab too) is looked at octet by octet.
inline bool all_value(std::string_view text) {
    constexpr auto unusual = [](std::uint64_t word) {
        const std::uint64_t no_delete = word ^ kOnes * 0x7f;
        const std::uint64_t below_space = (word - kOnes * 0x20) & ~word;
        const std::uint64_t is_delete = (no_delete - kOnes) & ~no_delete;
        return (below_space | is_delete) & kHighs;
    };
    const char* const begin = text.data();
    const std::size_t size = text.size();
    std::uint64_t odd = 0;
    if (size >= 8) {
        for (std::size_t i = 0; i + 8 < size; i += 8) odd |= unusual(word_at(begin + i));
        odd |= unusual(word_at(begin + size - 8));
    } else if (size >= 4) {
        std::uint32_t first, last;
        std::memcpy(&first, begin, sizeof first);
        std::memcpy(&last, begin + size - 4, sizeof last);
        odd = unusual(first | static_cast<std::uint64_t>(last) << 32);
    } else {
        return all(text, kValue);
    }
    return odd == 0 || all(text, kValue);
}

// How many of the first octets are letters and hyphens, in whole steps of eight and the part of the last one: what
// most names of fields are made of. Looks no further than `limit`.
inline std::size_t plain_name(const char* text, std::size_t limit) {
    std::size_t at = 0;
    while (at + 8 <= limit) {
        const std::uint64_t word = word_at(text + at);
        const std::uint64_t small = (word | kOnes * 0x20) & ~kHighs;
        const std::uint64_t letters = (small + kOnes * (0x80 - 'a')) & ~(small + kOnes * (0x7f - 'z'));
        const std::uint64_t hyphens = ~(((word & ~kHighs) ^ kOnes * '-') + kOnes * 0x7f);
        const std::uint64_t others = ~((letters | hyphens) & ~word) & kHighs;
        if (others != 0) return at + static_cast<std::size_t>(std::countr_zero(others)) / 8;
        at += 8;
    }
    return at;
}

constexpr char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

// The same of eight at once.
constexpr std::uint64_t lower_word(std::uint64_t word) {
    const std::uint64_t sevens = word & ~kHighs;
    const std::uint64_t capitals = (sevens + kOnes * (0x80 - 'A')) ^ (sevens + kOnes * (0x7f - 'Z'));
    return word | ((capitals & ~word & kHighs) >> 2);
}

// Equal but for ASCII case; `b` must be lower case already.
constexpr bool equals_lower(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    if (!std::is_constant_evaluated() && a.size() >= 8) {
        const std::size_t last = a.size() - 8;  // the last eight may lap over those before
        for (std::size_t i = 0; i < last; i += 8)
            if (lower_word(word_at(a.data() + i)) != word_at(b.data() + i)) return false;
        return lower_word(word_at(a.data() + last)) == word_at(b.data() + last);
    }
    for (std::size_t i = 0; i < a.size(); ++i)
        if (lower(a[i]) != b[i]) return false;
    return true;
}

// Writes `text` in lower case and returns its end.
inline char* write_lower(char* out, std::string_view text) {
    if (text.size() < 8) return std::transform(text.begin(), text.end(), out, lower);
    const auto put = [&](std::size_t at) {
        const std::uint64_t word = lower_word(word_at(text.data() + at));
        std::memcpy(out + at, &word, sizeof word);
    };
    const std::size_t last = text.size() - 8;
    for (std::size_t i = 0; i < last; i += 8) put(i);
    put(last);
    return out + text.size();
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
