#include "forum/api/cursor_seal.h"

#include <charconv>

#include "forum/auth/digest.h"

namespace forum {

namespace {

// No client tries 2^64 of them at the rate at which a forum answers.
constexpr std::size_t kTagBytes = 8;
// The longest sort key is the path of a comment at the greatest depth.
constexpr std::size_t kCursorMax = 1'024;

}  // namespace

CursorSeal::CursorSeal(std::string_view secret)
    : tag_key_(hmac_sha256(secret, "forum cursor, tag")), cipher_key_(hmac_sha256(secret, "forum cursor, cipher")) {}

std::string CursorSeal::tag_of(std::string_view list, std::string_view plain) const {
    std::string sealed = std::to_string(list.size());
    sealed += '|';
    sealed += list;
    sealed += plain;
    return hmac_sha256(tag_key_, sealed).substr(0, kTagBytes);
}

// The tag is the number used once: another place has another, and the same place may look the same.
std::string CursorSeal::enciphered(std::string_view tag, std::string_view text) const {
    std::string out(text);
    std::string stream;
    for (std::size_t i = 0; i < out.size(); ++i) {
        if (i % 32 == 0) stream = hmac_sha256(cipher_key_, std::string(tag) + std::to_string(i / 32));
        out[i] = static_cast<char>(out[i] ^ stream[i % 32]);
    }
    return out;
}

std::string CursorSeal::close(std::string_view list, const Cursor& cursor) const {
    const std::string plain = std::to_string(cursor.row) + '|' + cursor.key;
    const std::string tag = tag_of(list, plain);
    return base64url(tag + enciphered(tag, plain));
}

std::optional<Cursor> CursorSeal::open(std::string_view list, std::string_view text) const {
    if (text.size() > kCursorMax) return std::nullopt;
    const auto bytes = from_base64url(text);
    if (!bytes || bytes->size() < kTagBytes) return std::nullopt;
    const std::string_view tag = std::string_view(*bytes).substr(0, kTagBytes);
    const std::string plain = enciphered(tag, std::string_view(*bytes).substr(kTagBytes));
    if (!equal_in_constant_time(tag, tag_of(list, plain))) return std::nullopt;
    // From here on it is what close() wrote.
    const std::size_t end = plain.find('|');
    Cursor cursor{plain.substr(end + 1), 0};
    std::from_chars(plain.data(), plain.data() + end, cursor.row);
    return cursor;
}

}  // namespace forum
