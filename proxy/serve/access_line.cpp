#include "proxy/serve/access_line.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <ctime>

namespace switchyard::serve {
namespace {

constexpr std::array<bool, 256> kPlain = [] {
    std::array<bool, 256> table{};
    for (unsigned c = 0; c < 256; ++c) table[c] = c >= 0x20 && c != '"' && c != '\\' && c != 0x7f;
    return table;
}();

// How many bytes of a well-formed UTF-8 sequence start here; 0: none does, or it is cut short.
std::size_t sequence(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text[0]);
    const std::size_t size = lead < 0x80   ? 1
                             : lead < 0xc2 ? 0
                             : lead < 0xe0 ? 2
                             : lead < 0xf0 ? 3
                             : lead < 0xf5 ? 4
                                           : 0;
    if (size == 0 || text.size() < size) return 0;
    for (std::size_t i = 1; i < size; ++i)
        if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) return 0;
    const auto second = size > 1 ? static_cast<unsigned char>(text[1]) : 0;
    const bool overlong = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
    const bool beyond = (lead == 0xed && second > 0x9f) || (lead == 0xf4 && second > 0x8f);
    return overlong || beyond ? 0 : size;
}

class Line {
  public:
    explicit Line(char* at) : at_(at) {}

    template <std::size_t N>
    Line& raw(const char (&text)[N]) {
        std::memcpy(at_, text, N - 1);
        at_ += N - 1;
        return *this;
    }
    Line& number(std::uint64_t value) {
        at_ = std::to_chars(at_, at_ + 20, value).ptr;
        return *this;
    }
    // Microseconds as milliseconds with three decimals.
    Line& milliseconds(std::int64_t us) {
        const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(us, 0));
        number(value / 1000);
        const auto rest = static_cast<unsigned>(value % 1000);
        *at_++ = '.';
        *at_++ = static_cast<char>('0' + rest / 100);
        *at_++ = static_cast<char>('0' + rest / 10 % 10);
        *at_++ = static_cast<char>('0' + rest % 10);
        return *this;
    }
    Line& text(std::string_view text, std::size_t limit = kMaxLoggedText) {
        const bool cut = text.size() > limit;
        if (cut) text = text.substr(0, limit);
        while (!text.empty()) {
            std::size_t plain = 0;
            while (plain < text.size() && kPlain[static_cast<unsigned char>(text[plain])] &&
                   static_cast<unsigned char>(text[plain]) < 0x80)
                ++plain;
            std::memcpy(at_, text.data(), plain);
            at_ += plain;
            text.remove_prefix(plain);
            if (!text.empty()) text.remove_prefix(special(text));
        }
        if (cut) raw("\xe2\x80\xa6");
        return *this;
    }
    Line& time(LineClock& clock, std::int64_t wall_us) {
        at_ = clock.write(at_, wall_us);
        return *this;
    }
    char* end() const { return at_; }

  private:
    // What cannot stand as it is; says how many octets were taken.
    std::size_t special(std::string_view text) {
        const char c = text[0];
        if (c == '"' || c == '\\') {
            *at_++ = '\\';
            *at_++ = c;
            return 1;
        }
        if (const std::size_t size = sequence(text); size > 1) {
            std::memcpy(at_, text.data(), size);
            at_ += size;
            return size;
        }
        // A control, or an octet that is no UTF-8: shown by its number.
        static constexpr char kHex[] = "0123456789abcdef";
        const auto octet = static_cast<unsigned char>(c);
        raw("\\u00");
        *at_++ = kHex[octet >> 4];
        *at_++ = kHex[octet & 15];
        return 1;
    }

    char* at_;
};

void two_digits(char* at, int value) {
    at[0] = static_cast<char>('0' + value / 10);
    at[1] = static_cast<char>('0' + value % 10);
}

}  // namespace

char* LineClock::write(char* at, std::int64_t wall_us) {
    const std::int64_t second = wall_us / 1'000'000;
    if (second != second_) {
        second_ = second;
        const std::time_t t = second;
        tm parts{};
        ::gmtime_r(&t, &parts);
        std::memcpy(text_, "0000-00-00T00:00:00.000000Z", kSize);
        two_digits(text_, (parts.tm_year + 1900) / 100 % 100);
        two_digits(text_ + 2, (parts.tm_year + 1900) % 100);
        two_digits(text_ + 5, parts.tm_mon + 1);
        two_digits(text_ + 8, parts.tm_mday);
        two_digits(text_ + 11, parts.tm_hour);
        two_digits(text_ + 14, parts.tm_min);
        two_digits(text_ + 17, parts.tm_sec);
    }
    std::memcpy(at, text_, kSize);
    auto micros = static_cast<std::uint32_t>(wall_us % 1'000'000);
    for (int i = 25; i >= 20; --i, micros /= 10) at[i] = static_cast<char>('0' + micros % 10);
    return at + kSize;
}

std::size_t write_access_line(std::span<char> room, const AccessEntry& entry, LineClock& clock) {
    Line line(room.data());
    line.raw("{\"time\":\"").time(clock, entry.wall_us);
    line.raw("\",\"id\":\"").text(entry.id);
    line.raw("\",\"client\":\"").text(entry.client);
    line.raw("\",\"listener\":\"").text(entry.listener);
    line.raw("\",\"method\":\"").text(entry.method);
    line.raw("\",\"host\":\"").text(entry.host);
    line.raw("\",\"path\":\"").text(entry.path, kMaxLoggedPath);
    line.raw("\",\"protocol\":\"").text(entry.protocol);
    line.raw("\",\"status\":").number(entry.status);
    if (entry.grpc_status >= 0) line.raw(",\"grpc_status\":").number(static_cast<std::uint64_t>(entry.grpc_status));
    line.raw(",\"bytes_in\":").number(entry.bytes_in);
    line.raw(",\"bytes_out\":").number(entry.bytes_out);
    line.raw(",\"route\":\"").text(entry.route);
    line.raw("\",\"rule\":\"").text(entry.rule);
    line.raw("\",\"upstream\":\"").text(entry.upstream);
    line.raw("\",\"endpoint\":\"").text(entry.endpoint);
    line.raw("\",\"attempts\":").number(entry.attempts);
    line.raw(",\"generation\":").number(entry.generation);
    if (entry.first_byte_us < 0)
        line.raw(",\"ttfb_ms\":null");
    else
        line.raw(",\"ttfb_ms\":").milliseconds(entry.first_byte_us);
    line.raw(",\"duration_ms\":").milliseconds(entry.duration_us);
    line.raw(",\"flag\":\"").text(entry.flag);
    if (!entry.refused.empty()) line.raw("\",\"refused\":\"").text(entry.refused);
    line.raw("\"}\n");
    return static_cast<std::size_t>(line.end() - room.data());
}

}  // namespace switchyard::serve
