#include "proxy/http2/header_encoder.h"

#include <algorithm>
#include <cstdint>

#include "proxy/http/characters.h"
#include "proxy/http2/huffman.h"
#include "proxy/http2/static_index.h"

namespace switchyard::http2 {
namespace {

// The first octets of RFC 7541 §6, with the bits that are left for the number behind them.
constexpr std::uint8_t kIndexed = 0x80, kTableSize = 0x20, kNeverIndexed = 0x10, kNotIndexed = 0x00, kHuffman = 0x80;
constexpr unsigned kIndexedBits = 7, kLiteralBits = 4, kStringBits = 7;
// Octets that an integer takes at most: no string here is above 64 KiB.
constexpr std::size_t kMaxInteger = 4;
// A shorter text goes as it is: what Huffman's code would take off it, a dozen octets, costs more to find than to send.
constexpr std::size_t kWorthCoding = 64;

char* write_integer(char* out, std::uint8_t first, unsigned bits, std::size_t value) {
    const std::size_t most = (std::size_t{1} << bits) - 1;
    if (value < most) {
        *out++ = static_cast<char>(first | value);
        return out;
    }
    *out++ = static_cast<char>(first | most);
    for (value -= most; value >= 0x80; value >>= 7) *out++ = static_cast<char>((value & 0x7f) | 0x80);
    *out++ = static_cast<char>(value);
    return out;
}

char* write_string(char* out, std::string_view text) {
    if (text.size() >= kWorthCoding) {
        if (const std::size_t coded = huffman_size(text); coded < text.size())
            return write_huffman(write_integer(out, kHuffman, kStringBits, coded), text);
    }
    return std::copy(text.begin(), text.end(), write_integer(out, 0, kStringBits, text.size()));
}

// An entry of the static table with that name (1 to 61), and whether its value is that one; 0 when there is none.
struct Found {
    std::size_t index = 0;
    bool whole = false;
};

Found find(std::string_view name, std::string_view value) {
    const std::size_t first = static_entry(name);
    if (first == 0) return {};
    // Entries of one name stand together.
    for (std::size_t i = first - 1; i < kStaticTable.size(); ++i) {
        if (kStaticTable[i].value == value) return {i + 1, true};
        if (i + 1 == kStaticTable.size() || kStaticTable[i + 1].name != kStaticTable[i].name) break;
    }
    return {first, false};
}

bool is_secret(std::size_t entry) {
    static constexpr std::size_t kAuthorization = 23, kCookie = 32, kProxyAuthorization = 49, kSetCookie = 55;
    static_assert(kStaticTable[kAuthorization - 1].name == "authorization");
    static_assert(kStaticTable[kCookie - 1].name == "cookie");
    static_assert(kStaticTable[kProxyAuthorization - 1].name == "proxy-authorization");
    static_assert(kStaticTable[kSetCookie - 1].name == "set-cookie");
    return entry == kAuthorization || entry == kCookie || entry == kProxyAuthorization || entry == kSetCookie;
}

}  // namespace

HeaderEncoder::HeaderEncoder(std::span<char> out, bool first) : out_(out) {
    if (first) out_[size_++] = static_cast<char>(kTableSize);
}

bool HeaderEncoder::add(std::string_view name, std::string_view value) {
    // Nothing gets longer than it is: Huffman is taken only where it is shorter.
    if (out_.size() - size_ < 1 + 2 * kMaxInteger + name.size() + value.size()) return false;
    char* out = out_.data() + size_;
    const Found found = find(name, value);
    const bool secret = is_secret(found.index);
    if (found.whole && !secret) {
        out = write_integer(out, kIndexed, kIndexedBits, found.index);
    } else {
        out = write_integer(out, secret ? kNeverIndexed : kNotIndexed, kLiteralBits, found.index);
        if (found.index == 0) {
            char* const written = write_integer(out, 0, kStringBits, name.size());
            out = http::write_lower(written, name);
        }
        out = write_string(out, value);
    }
    size_ = static_cast<std::size_t>(out - out_.data());
    return true;
}

}  // namespace switchyard::http2
