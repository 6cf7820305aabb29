#include "proxy/http/proxy_protocol.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace switchyard::http {
namespace {

constexpr std::string_view kSignature2("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t kFixed2 = 16;
constexpr std::size_t kLongest1 = 107;
constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

std::uint8_t octet(std::string_view bytes, std::size_t at) {
    return static_cast<std::uint8_t>(bytes[at]);
}
unsigned word(std::string_view bytes, std::size_t at) {
    return static_cast<unsigned>(octet(bytes, at)) << 8 | octet(bytes, at + 1);
}

// A decimal port without leading zeros.
bool read_port(std::string_view text, std::uint16_t& out) {
    if (text.empty() || (text.size() > 1 && text[0] == '0')) return false;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), out);
    return result.ec == std::errc() && result.ptr == text.data() + text.size();
}

bool read_address(std::string_view text, int family, ProxyAddress& out) {
    char zero_ended[INET6_ADDRSTRLEN];
    if (text.size() >= sizeof zero_ended) return false;
    zero_ended[text.copy(zero_ended, text.size())] = '\0';
    if (family == AF_INET6) return inet_pton(AF_INET6, zero_ended, out.bytes.data()) == 1;
    std::copy(kMapped.begin(), kMapped.end(), out.bytes.begin());
    return inet_pton(AF_INET, zero_ended, out.bytes.data() + kMapped.size()) == 1;
}

ProxyHeader bad() {
    return {};
}
ProxyHeader more() {
    ProxyHeader out;
    out.outcome = ProxyHeader::Outcome::more;
    return out;
}

// PROXY TCP4 source destination port port CRLF, single spaces.
ProxyHeader read_version_1(std::string_view bytes) {
    const auto line_end = bytes.substr(0, kLongest1).find("\r\n");
    if (line_end == bytes.npos) return bytes.size() >= kLongest1 ? bad() : more();
    std::string_view rest = bytes.substr(6, line_end - 6);
    ProxyHeader out;
    out.size = line_end + 2;
    if (rest == "UNKNOWN" || rest.starts_with("UNKNOWN ")) {
        out.outcome = ProxyHeader::Outcome::done;
        return out;
    }
    const int family = rest.starts_with("TCP4 ") ? AF_INET : rest.starts_with("TCP6 ") ? AF_INET6 : 0;
    if (family == 0) return bad();
    rest.remove_prefix(5);
    std::array<std::string_view, 4> words;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const auto space = rest.find(' ');
        if ((space == rest.npos) != (i == words.size() - 1)) return bad();
        words[i] = rest.substr(0, space);
        rest = space == rest.npos ? std::string_view{} : rest.substr(space + 1);
    }
    if (!read_address(words[0], family, out.source) || !read_address(words[1], family, out.destination) ||
        !read_port(words[2], out.source.port) || !read_port(words[3], out.destination.port))
        return bad();
    out.has_address = true;
    out.outcome = ProxyHeader::Outcome::done;
    return out;
}

// Extensions are type, length, value, until the end; they are checked and passed over.
bool extensions_fit(std::string_view rest) {
    while (!rest.empty()) {
        if (rest.size() < 3) return false;
        const std::size_t size = 3 + word(rest, 1);
        if (rest.size() < size) return false;
        rest.remove_prefix(size);
    }
    return true;
}

ProxyHeader read_version_2(std::string_view bytes) {
    if (bytes.size() < kFixed2) return more();
    const unsigned command = octet(bytes, 12), family = octet(bytes, 13);
    const std::size_t length = word(bytes, 14), size = kFixed2 + length;
    if (command != 0x20 && command != 0x21) return bad();
    if (size > kMaxProxyHeader) return bad();
    if (bytes.size() < size) return more();
    ProxyHeader out;
    out.outcome = ProxyHeader::Outcome::done;
    out.size = size;
    if (command == 0x20) return out;  // LOCAL: the relay itself is asking; what it says of addresses is ignored
    std::size_t addresses = 0;
    switch (family) {
        case 0x11: {
            addresses = 12;
            if (length < addresses) return bad();
            for (auto* side : {&out.source, &out.destination})
                std::copy(kMapped.begin(), kMapped.end(), side->bytes.begin());
            std::memcpy(out.source.bytes.data() + 12, bytes.data() + kFixed2, 4);
            std::memcpy(out.destination.bytes.data() + 12, bytes.data() + kFixed2 + 4, 4);
            out.source.port = static_cast<std::uint16_t>(word(bytes, kFixed2 + 8));
            out.destination.port = static_cast<std::uint16_t>(word(bytes, kFixed2 + 10));
            out.has_address = true;
            break;
        }
        case 0x21: {
            addresses = 36;
            if (length < addresses) return bad();
            std::memcpy(out.source.bytes.data(), bytes.data() + kFixed2, 16);
            std::memcpy(out.destination.bytes.data(), bytes.data() + kFixed2 + 16, 16);
            out.source.port = static_cast<std::uint16_t>(word(bytes, kFixed2 + 32));
            out.destination.port = static_cast<std::uint16_t>(word(bytes, kFixed2 + 34));
            out.has_address = true;
            break;
        }
        case 0x31:
            addresses = 216;
            if (length < addresses) return bad();
            break;
        case 0x00:
            // UNSPEC: whatever follows is to be ignored.
            return out;
        default:
            return bad();  // datagrams, and families that do not exist
    }
    return extensions_fit(bytes.substr(kFixed2 + addresses, length - addresses)) ? out : bad();
}

void put_word(char* at, unsigned value) {
    at[0] = static_cast<char>(value >> 8);
    at[1] = static_cast<char>(value & 0xff);
}

}  // namespace

bool ProxyAddress::is_v4() const {
    return std::equal(kMapped.begin(), kMapped.end(), bytes.begin());
}

bool may_be_proxy_header(std::string_view bytes) {
    const auto begins = [&](std::string_view signature) {
        const auto seen = std::min(bytes.size(), signature.size());
        return bytes.substr(0, seen) == signature.substr(0, seen);
    };
    return begins("PROXY ") || begins(kSignature2);
}

ProxyHeader read_proxy_header(std::string_view bytes) {
    constexpr std::string_view kSignature1 = "PROXY ";
    if (bytes.starts_with(kSignature1)) return read_version_1(bytes);
    if (bytes.starts_with(kSignature2)) return read_version_2(bytes);
    return kSignature1.starts_with(bytes) || kSignature2.starts_with(bytes) ? more() : bad();
}

std::string_view own_proxy_header(unsigned version) {
    constexpr std::string_view kUnknown = "PROXY UNKNOWN\r\n";
    constexpr std::string_view kLocal{"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", 16};
    return version == 1 ? kUnknown : kLocal;
}

std::size_t write_proxy_header(std::span<char> out, unsigned version, bool known, const ProxyAddress& source,
                               const ProxyAddress& destination) {
    const bool v4 = source.is_v4() && destination.is_v4();
    char* at = out.data();
    auto put = [&at](std::string_view text) {
        std::memcpy(at, text.data(), text.size());
        at += text.size();
    };
    if (version == 1) {
        if (!known) {
            put(own_proxy_header(1));
            return static_cast<std::size_t>(at - out.data());
        }
        char text[INET6_ADDRSTRLEN];
        put(v4 ? "PROXY TCP4 " : "PROXY TCP6 ");
        for (const auto* side : {&source, &destination}) {
            put(v4 ? inet_ntop(AF_INET, side->bytes.data() + 12, text, sizeof text)
                   : inet_ntop(AF_INET6, side->bytes.data(), text, sizeof text));
            put(" ");
        }
        at = std::to_chars(at, at + 5, source.port).ptr;
        put(" ");
        at = std::to_chars(at, at + 5, destination.port).ptr;
        put("\r\n");
        return static_cast<std::size_t>(at - out.data());
    }
    put(kSignature2);
    *at++ = 0x21;
    *at++ = !known ? 0x00 : v4 ? 0x11 : 0x21;
    const std::size_t each = v4 ? 4 : 16;
    put_word(at, known ? static_cast<unsigned>(2 * each + 4) : 0u);
    at += 2;
    if (!known) return static_cast<std::size_t>(at - out.data());
    for (const auto* side : {&source, &destination}) {
        std::memcpy(at, side->bytes.data() + (16 - each), each);
        at += each;
    }
    put_word(at, source.port);
    put_word(at + 2, destination.port);
    return static_cast<std::size_t>(at + 4 - out.data());
}

}  // namespace switchyard::http
