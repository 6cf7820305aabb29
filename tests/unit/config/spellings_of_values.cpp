// Addresses, blocks, durations, sizes and keys: what is accepted, its canonical form, and what is said otherwise.
#include <doctest/doctest.h>

#include <array>
#include <random>
#include <string>
#include <vector>

#include "config/model/address.h"
#include "config/model/cidr.h"
#include "config/model/key.h"
#include "config/text/duration.h"
#include "config/text/size.h"

using namespace switchyard::config;
using namespace std::chrono_literals;

TEST_CASE("addresses have one canonical form") {
    struct Row {
        std::string text, canonical;
        Address::Kind kind;
        bool loopback;
    };
    using Kind = Address::Kind;
    const std::vector<Row> rows{
        {"127.0.0.1:80", "127.0.0.1:80", Kind::ipv4, true},
        {"127.9.9.9:1", "127.9.9.9:1", Kind::ipv4, true},
        {"0.0.0.0:8080", "0.0.0.0:8080", Kind::ipv4, false},
        {"10.0.0.1:0", "10.0.0.1:0", Kind::ipv4, false},
        {"[::1]:443", "[::1]:443", Kind::ipv6, true},
        {"[0:0:0:0:0:0:0:1]:443", "[::1]:443", Kind::ipv6, true},
        {"[2001:DB8::00A]:65535", "[2001:db8::a]:65535", Kind::ipv6, false},
        {"[::]:80", "[::]:80", Kind::ipv6, false},
        {"[::ffff:127.0.0.1]:80", "[::ffff:127.0.0.1]:80", Kind::ipv6, true},
        {"LocalHost:80", "localhost:80", Kind::name, true},
        {"App-1.Internal:9001", "app-1.internal:9001", Kind::name, false},
        {"my_service:80", "my_service:80", Kind::name, false},
        {"unix:/run/My App.sock", "unix:/run/My App.sock", Kind::unix_path, true},
    };
    for (const auto& row : rows) {
        CAPTURE(row.text);
        const auto address = Address::parse(row.text);
        REQUIRE(address);
        CHECK(address->text() == row.canonical);
        CHECK(address->kind == row.kind);
        CHECK(address->is_loopback() == row.loopback);
        CHECK(Address::parse(address->text()) == address);
    }
}

TEST_CASE("what is no address is refused with what was expected") {
    const std::vector<std::pair<std::string, std::string>> rows{
        {"", "expected host:port, [v6]:port or unix:/path; the port is missing"},
        {"localhost", "expected host:port, [v6]:port or unix:/path; the port is missing"},
        {"localhost:", "expected a port from 0 to 65535 after the colon"},
        {"localhost:65536", "expected a port from 0 to 65535 after the colon"},
        {"localhost:-1", "expected a port from 0 to 65535 after the colon"},
        {"localhost:+80", "expected a port from 0 to 65535 after the colon"},
        {"localhost:80 ", "expected a port from 0 to 65535 after the colon"},
        {":80", "\"\" is not a host name; for every address of the machine write 0.0.0.0:80"},
        {"*:8080", "\"*\" is not a host name; for every address of the machine write 0.0.0.0:8080"},
        {"http://127.0.0.1:9012/x",
         "an address is host:port without \"http://\" before and a path behind: write 127.0.0.1:9012"},
        {"https://app.example",
         "an address is host:port without \"https://\" before and a path behind: write app.example:80"},
        {"256.0.0.1:80", "\"256.0.0.1\" is not an IPv4 address"},
        {"10.1:80", "\"10.1\" is not an IPv4 address"},
        {"::1:80", "an IPv6 address is written in brackets, as in [::1]:8080"},
        {"[::1]", "expected [v6]:port, as in [::1]:8080"},
        {"[::1:80", "expected [v6]:port, as in [::1]:8080"},
        {"[::g]:80", "\"::g\" is not an IPv6 address"},
        {"[::1]:x", "expected a port from 0 to 65535 after the last colon"},
        {"a b:80", "\"a b\" is not a host name"},
        {"-a:80", "\"-a\" is not a host name"},
        {"a..b:80", "\"a..b\" is not a host name"},
        {"grün:80", "\"grün\" is not a host name"},
        {"unix:run/x", "expected an absolute path after unix:, as in unix:/run/forum.sock"},
        {"unix:/" + std::string(107, 'x'), "a unix socket path has at most 107 bytes and no NUL"},
    };
    for (const auto& [text, expected] : rows) {
        CAPTURE(text);
        std::string why;
        CHECK_FALSE(Address::parse(text, &why));
        CHECK(why == expected);
    }
}

TEST_CASE("blocks contain the addresses that share their prefix") {
    struct Row {
        std::string block, address;
        bool inside;
    };
    const std::vector<Row> rows{
        {"10.0.0.0/8", "10.255.0.1", true},      {"10.0.0.0/8", "11.0.0.0", false},
        {"10.0.0.0/8", "::ffff:10.1.2.3", true}, {"10.0.0.0/8", "2001:db8::1", false},
        {"192.0.2.7", "192.0.2.7", true},        {"192.0.2.7", "192.0.2.6", false},
        {"0.0.0.0/0", "255.1.2.3", true},        {"0.0.0.0/0", "::1", false},
        {"192.0.2.128/25", "192.0.2.200", true}, {"192.0.2.128/25", "192.0.2.127", false},
        {"2001:db8::/32", "2001:db8:1::", true}, {"2001:db8::/32", "2001:db9::", false},
        {"::/0", "2001:db8::1", true},           {"fe80::/10", "febf::1", true},
        {"fe80::/10", "fec0::1", false},         {"::1", "::1", true},
        {"::/0", "::ffff:10.1.2.3", false},      {"::ffff:10.0.0.0/104", "10.1.2.3", true},
        {"10.0.0.0/8", "nonsense", false},       {"10.0.0.0/8", "", false},
    };
    for (const auto& row : rows) {
        CAPTURE(row.block);
        CAPTURE(row.address);
        const auto block = Cidr::parse(row.block);
        REQUIRE(block);
        CHECK(block->contains(row.address) == row.inside);
        CHECK(Cidr::parse(block->text()) == block);
    }
    const std::array<std::uint8_t, 4> bytes{10, 1, 2, 3};
    CHECK(Cidr::parse("10.0.0.0/8")->contains(bytes));
}

TEST_CASE("what is no block is refused with what was expected") {
    const std::vector<std::pair<std::string, std::string>> rows{
        {"", "expected an address block such as 10.0.0.0/8 or 2001:db8::/32"},
        {"10.0.0", "expected an address block such as 10.0.0.0/8 or 2001:db8::/32"},
        {"10.0.0.0/", "expected a prefix length from 0 to 32 after the slash"},
        {"10.0.0.0/33", "expected a prefix length from 0 to 32 after the slash"},
        {"::/129", "expected a prefix length from 0 to 128 after the slash"},
        {"10.0.0.0/8x", "expected a prefix length from 0 to 32 after the slash"},
        {"10.0.0.1/8", "has bits set below the prefix; the block is 10.0.0.0/8"},
        {"2001:db8::1/32", "has bits set below the prefix; the block is 2001:db8::/32"},
        {std::string("10.0.0.1\0", 9), "expected an address block such as 10.0.0.0/8 or 2001:db8::/32"},
    };
    for (const auto& [text, expected] : rows) {
        CAPTURE(text);
        std::string why;
        CHECK_FALSE(Cidr::parse(text, &why));
        CHECK(why == expected);
    }
}

TEST_CASE("durations are read with their unit and written in the largest exact one") {
    const std::vector<std::tuple<std::string, std::chrono::milliseconds, std::string>> rows{
        {"0s", 0ms, "0s"},
        {"0ms", 0ms, "0s"},
        {"500ms", 500ms, "500ms"},
        {"1000ms", 1s, "1s"},
        {"90s", 90s, "90s"},
        {"1m30s", 90s, "90s"},
        {"60m", 1h, "1h"},
        {"36h", 36h, "36h"},
        {"2d", 48h, "2d"},
        {"1d1ms", 24h + 1ms, "86400001ms"},
        {"1h2m3s4ms", 3723004ms, "3723004ms"},
    };
    for (const auto& [text, value, canonical] : rows) {
        CAPTURE(text);
        REQUIRE(parse_duration(text));
        CHECK(*parse_duration(text) == value);
        CHECK(duration_text(value) == canonical);
    }
    for (const auto* text : {"", "s", "5", "1.5s", "-1s", "1s1m", "1s1s", "1 s", "1S", "1w", "s1", "1s "}) {
        CAPTURE(text);
        std::string why;
        CHECK_FALSE(parse_duration(text, &why));
        CHECK(why.starts_with("expected a duration"));
    }
    for (const auto* text : {"99999999999999999999ms", "9223372036854775807s", "106751991168d"}) {
        CAPTURE(text);
        std::string why;
        CHECK_FALSE(parse_duration(text, &why));
        CHECK(why == "the duration is too long");
    }
}

TEST_CASE("sizes are powers of 1024 and written in the largest exact unit") {
    const std::vector<std::tuple<std::string, std::uint64_t, std::string>> rows{
        {"0", 0, "0B"},
        {"512", 512, "512B"},
        {"512B", 512, "512B"},
        {"16KiB", 16384, "16KiB"},
        {"1024KiB", 1048576, "1MiB"},
        {"1536", 1536, "1536B"},
        {"3GiB", 3221225472, "3GiB"},
        {"1TiB", 1099511627776, "1TiB"},
    };
    for (const auto& [text, value, canonical] : rows) {
        CAPTURE(text);
        REQUIRE(parse_size(text));
        CHECK(*parse_size(text) == value);
        CHECK(size_text(value) == canonical);
    }
    for (const auto* text :
         {"", "MiB", "1.5MiB", "-1", "10MB", "10k", "1 KiB", "1kib", "99999999999999999999", "99999999TiB"}) {
        CAPTURE(text);
        std::string why;
        CHECK_FALSE(parse_size(text, &why));
        CHECK_FALSE(why.empty());
    }
}

TEST_CASE("every duration and size survives being written and read") {
    std::mt19937_64 rng(11);
    for (int i = 0; i < 10'000; ++i) {
        const auto number = static_cast<std::int64_t>(rng() >> (rng() % 40 + 22));
        CHECK(parse_duration(duration_text(std::chrono::milliseconds(number))) == std::chrono::milliseconds(number));
        const auto bytes = rng() >> (rng() % 64);
        CHECK(parse_size(size_text(bytes)) == bytes);
    }
}

TEST_CASE("keys are a kind and, for most, a name") {
    for (const auto* text :
         {"header:X-User", "cookie:uid", "query:a:b", "claim:https://a.example/role", "client", "method", "path"}) {
        CAPTURE(text);
        const auto key = parse_key(text);
        REQUIRE(key);
        CHECK(key_text(*key) == text);
    }
    const std::vector<std::pair<std::string, std::string>> rows{
        {"header", "expected a name, as in \"header:NAME\""},
        {"cookie:", "expected a name, as in \"cookie:NAME\""},
        {"client:x", "\"client\" takes no name after it"},
        {"Header:x", "unknown kind of key \"Header\"; did you mean \"header\"?"},
        {"", "unknown kind of key \"\"; known here: header, cookie, query, claim, client, method, path, host"},
    };
    for (const auto& [text, expected] : rows) {
        CAPTURE(text);
        std::string why;
        CHECK_FALSE(parse_key(text, &why));
        CHECK(why == expected);
    }
}
