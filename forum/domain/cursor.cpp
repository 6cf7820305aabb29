#include "forum/domain/cursor.h"

#include <charconv>

namespace forum {

namespace {

constexpr std::string_view kDigits = "0123456789abcdef";
// Scrambling keeps people from reading row ids off a cursor; it is no protection and needs none.
constexpr unsigned char kMask = 0x5A;

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
    if (text.size() % 2 != 0 || text.size() > 512) return std::nullopt;
    std::string plain;
    unsigned char mask = kMask;
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const int high = digit_value(text[i]);
        const int low = digit_value(text[i + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        plain.push_back(static_cast<char>(static_cast<unsigned char>(high * 16 + low) ^ mask));
        mask = static_cast<unsigned char>(mask * 31U + 7U);
    }
    const std::size_t first = plain.find('|');
    const std::size_t second = first == std::string::npos ? first : plain.find('|', first + 1);
    if (second == std::string::npos || std::string_view(plain).substr(0, first) != list) return std::nullopt;
    Cursor cursor;
    const char* const begin = plain.data() + first + 1;
    const char* const end = plain.data() + second;
    const auto parsed = std::from_chars(begin, end, cursor.row);
    if (parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
    cursor.key = plain.substr(second + 1);
    return cursor;
}

}  // namespace forum
