#include "proxy/http/target.h"

#include <doctest/doctest.h>

#include <random>
#include <string>

#include "proxy/http/head_parser.h"

using namespace switchyard::http;
using Form = Target::Form;

namespace {

// The head must outlive the views in the target.
struct Read {
    std::string bytes;
    Head head;
    Target target;

    Read(const std::string& request_line, const std::string& lines) : bytes(request_line + "\r\n" + lines + "\r\n") {
        HeadParser parser;
        REQUIRE(parser.request(bytes, head) == HeadParser::Outcome::done);
        target = read_target(bytes.data(), head);
    }
};

// What the endpoint is asked for.
std::string whole(const Target& target) {
    return std::string(target.path) + std::string(target.tail);
}

std::string normalized(std::string_view path) {
    std::string out;
    return normalize_path(path, out) ? out : "refused";
}

}  // namespace

TEST_CASE("a target has one of four forms") {
    const Read origin("GET /a/b?x=1?y HTTP/1.1", "Host: a.example:8080\r\n");
    REQUIRE(origin.target.refused == nullptr);
    CHECK(origin.target.form == Form::origin);
    CHECK(origin.target.host == "a.example");
    CHECK(origin.target.authority == "a.example:8080");
    CHECK(origin.target.path == "/a/b");
    CHECK(origin.target.query == "x=1?y");
    CHECK(whole(origin.target) == "/a/b?x=1?y");

    const Read absolute("GET HTTP://A.example/b?c HTTP/1.1", "Host: a.EXAMPLE\r\n");
    REQUIRE(absolute.target.refused == nullptr);
    CHECK(absolute.target.form == Form::absolute);
    CHECK(whole(absolute.target) == "/b?c");

    const Read bare("GET http://a HTTP/1.1", "Host: a\r\n");
    REQUIRE(bare.target.refused == nullptr);
    CHECK(whole(bare.target) == "/");

    // RFC 9112 §3.2.4: nothing but the host stands for the server as a whole.
    const Read server("OPTIONS http://a HTTP/1.1", "Host: a\r\n");
    REQUIRE(server.target.refused == nullptr);
    CHECK(whole(server.target) == "*");
    CHECK(whole(Read("OPTIONS http://a/ HTTP/1.1", "Host: a\r\n").target) == "/");
    CHECK(whole(Read("OPTIONS http://a?b HTTP/1.1", "Host: a\r\n").target) == "/?b");

    const Read rootless("GET http://a?b=c HTTP/1.1", "Host: a\r\n");
    REQUIRE(rootless.target.refused == nullptr);
    CHECK(rootless.target.path == "/");
    CHECK(rootless.target.query == "b=c");
    CHECK(whole(rootless.target) == "/?b=c");

    const Read connect("CONNECT a:443 HTTP/1.1", "Host: a:443\r\n");
    REQUIRE(connect.target.refused == nullptr);
    CHECK(connect.target.form == Form::authority);
    CHECK(connect.target.host == "a");

    const Read asterisk("OPTIONS * HTTP/1.1", "Host: a\r\n");
    REQUIRE(asterisk.target.refused == nullptr);
    CHECK(asterisk.target.form == Form::asterisk);
    CHECK(asterisk.target.path == "*");
}

TEST_CASE("a target and a host that do not fit are refused") {
    struct Row {
        const char* line;
        const char* lines;
    };
    const Row kRows[] = {
        {"GET / HTTP/1.1", ""},
        {"GET / HTTP/1.1", "Host: a\r\nHost: a\r\n"},
        {"GET / HTTP/1.1", "Host: a\r\nHost: b\r\n"},
        {"GET / HTTP/1.1", "Host:\r\n"},
        {"GET http://b/ HTTP/1.1", "Host: a\r\n"},
        {"GET http://a:81/ HTTP/1.1", "Host: a\r\n"},
        {"GET http://a:443/ HTTP/1.1", "Host: a\r\n"},
        {"GET http://a/ HTTP/1.1", "Host: a:443\r\n"},
        {"GET https://a:80/ HTTP/1.1", "Host: a\r\n"},
        {"GET https://b/ HTTP/1.1", "Host: a\r\n"},
        {"GET https:// HTTP/1.1", "Host: a\r\n"},
        {"GET ftp://a/ HTTP/1.1", "Host: a\r\n"},
        {"GET http://user@a/ HTTP/1.1", "Host: a\r\n"},
        {"GET http:///x HTTP/1.1", "Host: a\r\n"},
        {"GET http:// HTTP/1.1", "Host: a\r\n"},
        {"GET http://?x HTTP/1.1", "Host: a\r\n"},
        {"GET * HTTP/1.1", "Host: a\r\n"},
        {"GET a HTTP/1.1", "Host: a\r\n"},
        {"CONNECT /a HTTP/1.1", "Host: a\r\n"},
        {"CONNECT a HTTP/1.1", "Host: a\r\n"},
        {"CONNECT a:443 HTTP/1.1", "Host: b:443\r\n"},
        {"CONNECT http://a:443/ HTTP/1.1", "Host: a:443\r\n"},
    };
    for (const Row& row : kRows) {
        CAPTURE(row.line);
        CAPTURE(row.lines);
        CHECK(Read(row.line, row.lines).target.refused != nullptr);
    }
}

TEST_CASE("a scheme's own port is the same said or unsaid, and https is a scheme too") {
    for (const char* line :
         {"GET http://a:80/b HTTP/1.1|Host: a", "GET http://a/b HTTP/1.1|Host: a:80",
          "GET http://a:/b HTTP/1.1|Host: A", "GET https://a/b HTTP/1.1|Host: a",
          "GET HTTPS://a:443/b HTTP/1.1|Host: a", "GET https://a/b HTTP/1.1|Host: a:443",
          "GET https://a:8443/b HTTP/1.1|Host: a:8443", "GET https://[::1]:443/b HTTP/1.1|Host: [::1]"}) {
        CAPTURE(line);
        const std::string text(line);
        const Read read(text.substr(0, text.find('|')), text.substr(text.find('|') + 1) + "\r\n");
        REQUIRE(read.target.refused == nullptr);
        CHECK(whole(read.target) == "/b");
    }
    CHECK(Read("GET / HTTP/1.1", "Host: a:81\r\n").target.port == "81");
    CHECK(Read("GET / HTTP/1.1", "Host: [::1]\r\n").target.port.empty());
}

TEST_CASE("HTTP/1.0 may come without a host") {
    const Read old("GET / HTTP/1.0", "");
    CHECK(old.target.refused == nullptr);
    CHECK(old.target.host.empty());
    const Read absolute("GET http://a:81/b HTTP/1.0", "");
    REQUIRE(absolute.target.refused == nullptr);
    CHECK(absolute.target.host == "a");
    CHECK(absolute.target.authority == "a:81");
    CHECK(Read("GET http://a/ HTTP/1.0", "Host: b\r\n").target.refused != nullptr);
}

TEST_CASE("a host is a name or an address, perhaps with a port") {
    struct Row {
        const char* host;
        const char* name;  // null: refused
    };
    const Row kRows[] = {
        {"a", "a"},
        {"a.b-c.example", "a.b-c.example"},
        {"LOCALHOST:80", "LOCALHOST"},
        {"a:", "a"},
        {"127.0.0.1", "127.0.0.1"},
        {"[::1]", "[::1]"},
        {"[::1]:8080", "[::1]"},
        {"[2001:DB8::a:1]", "[2001:DB8::a:1]"},
        {"[::ffff:192.0.2.1]", "[::ffff:192.0.2.1]"},
        {"[aaa]", nullptr},
        {"[1.2.3.4]", nullptr},
        {"[:::]", nullptr},
        {"[1:2:3:4:5:6:7:8:9]", nullptr},
        {"[1:2:3:4:5:6:7]", nullptr},
        {"[fe80::1%25eth0]", nullptr},
        {"a_b", "a_b"},
        {"a:65535", "a"},
        {"a:65536", nullptr},
        {"a:0", nullptr},
        {"a:99999999", nullptr},
        {"a:-1", nullptr},
        {"a:80:80", nullptr},
        {"a b", nullptr},
        {"a,b", nullptr},
        {"a/b", nullptr},
        {"a@b", nullptr},
        {"a?b", nullptr},
        {"a\\b", nullptr},
        {"::1", nullptr},
        {"[::1", nullptr},
        {"[]", nullptr},
        {"[::1]x", nullptr},
        {"[g::1]", nullptr},
        {"a%00b", nullptr},
        {"<a>", nullptr},
        {"\xc3\xbc", nullptr},
        {":80", nullptr},
    };
    for (const Row& row : kRows) {
        CAPTURE(row.host);
        const Read read("GET / HTTP/1.1", "Host: " + std::string(row.host) + "\r\n");
        REQUIRE((read.target.refused == nullptr) == (row.name != nullptr));
        if (row.name != nullptr) CHECK(read.target.host == row.name);
    }
}

TEST_CASE("paths are compared in one spelling") {
    struct Row {
        const char* path;
        const char* normal;
    };
    const Row kRows[] = {
        {"/", "/"},
        {"/a/b", "/a/b"},
        {"/a/b/", "/a/b/"},
        {"//a///b", "/a/b"},
        {"/a/./b", "/a/b"},
        {"/a/../b", "/b"},
        {"/a/b/..", "/a/"},
        {"/a/b/.", "/a/b/"},
        {"/a/..", "/"},
        {"/.", "/"},
        {"//", "/"},
        {"/%61", "/a"},
        {"/%2e%2e/a", "refused"},
        {"/a/%2E%2e/b", "/b"},
        {"/a%2fb", "/a/b"},
        {"/a%2f..%2fb", "/b"},
        {"/..", "refused"},
        {"/a/../../b", "refused"},
        {"/%00", "refused"},
        {"/%zz", "refused"},
        {"/%a", "refused"},
        {"/%", "refused"},
        {"/%252e%252e/", "/%2e%2e/"},
        {"/a..b", "/a..b"},
        {"/.a", "/.a"},
        {"/...", "/..."},
    };
    for (const Row& row : kRows) {
        CAPTURE(row.path);
        CHECK(normalized(row.path) == row.normal);
    }
}

TEST_CASE("a path that needs no normalizing is its own normal form") {
    std::mt19937 random(5);
    const std::string alphabet = "/.ab%2e";
    unsigned untouched = 0;
    for (int round = 0; round < 50'000; ++round) {
        std::string path = "/";
        for (auto n = random() % 8; n > 0; --n) path += alphabet[random() % alphabet.size()];
        if (needs_normalizing(path)) continue;
        CAPTURE(path);
        REQUIRE(normalized(path) == path);
        ++untouched;
    }
    CHECK(untouched > 1000);
}

TEST_CASE("a normal form has no dots, no double slash, and stays what it is") {
    std::mt19937 random(6);
    const std::string alphabet = "/.ab";
    unsigned accepted = 0;
    for (int round = 0; round < 50'000; ++round) {
        std::string path = "/";
        for (auto n = random() % 10; n > 0; --n) path += alphabet[random() % alphabet.size()];
        const auto normal = normalized(path);
        if (normal == "refused") continue;
        CAPTURE(path);
        REQUIRE(normal[0] == '/');
        REQUIRE(normal.find("//") == normal.npos);
        REQUIRE((normal + '/').find("/../") == normal.npos);
        REQUIRE((normal + '/').find("/./") == normal.npos);
        REQUIRE(normalized(normal) == normal);
        ++accepted;
    }
    CHECK(accepted > 1000);
}
