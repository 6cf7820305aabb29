#include "forum/domain/cursor.h"

#include <charconv>

namespace forum {

namespace {

constexpr std::string_view kDigits = "0123456789abcdef";
// Scrambling keeps people from reading row ids off a cursor; it is no protection and needs none.
constexpr unsigned char kMask = 0x5A;
// Enough for the longest name of a list: a search of 200 characters of four bytes, and what follows it.
constexpr std::size_t kCursorMax = 2'048;

int digit_value(char c) {
    const std::size_t at = kDigits.find(c);
    return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

}  // namespace

std::string cursor_text(std::string_view list, const Cursor& cursor) {
    std::string plain(list);
    plain += '|' + std::to_string(cursor.row) + '|' + cursor.key;
    std::string out;
    out.reserve(plain.size() * 2);
    unsigned char mask = kMask;
    for (const char c : plain) {
        const auto byte = static_cast<unsigned char>(static_cast<unsigned char>(c) ^ mask);
        mask = static_cast<unsigned char>(mask * 31U + 7U);
        out.push_back(kDigits[byte >> 4U]);
        out.push_back(kDigits[byte & 15U]);
    }
    return out;
}

std::optional<Cursor> cursor_from(std::string_view list, std::string_view text) {
    if (text.size() % 2 != 0 || text.size() > kCursorMax) return std::nullopt;
    std::string plain;
    unsigned char mask = kMask;
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const int high = digit_value(text[i]);
        const int low = digit_value(text[i + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        plain.push_back(static_cast<char>(static_cast<unsigned char>(high * 16 + low) ^ mask));
        mask = static_cast<unsigned char>(mask * 31U + 7U);
    }
    // Not by looking for the sign: a list may be named after a tag or a search that has it.
    const std::size_t first = list.size();
    if (!plain.starts_with(list) || first >= plain.size() || plain[first] != '|') return std::nullopt;
    const std::size_t second = plain.find('|', first + 1);
    if (second == std::string::npos) return std::nullopt;
    Cursor cursor;
    const char* const begin = plain.data() + first + 1;
    const char* const end = plain.data() + second;
    const auto parsed = std::from_chars(begin, end, cursor.row);
    if (parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
    cursor.key = plain.substr(second + 1);
    return cursor;
}

}  // namespace forum
