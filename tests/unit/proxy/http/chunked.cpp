#include "proxy/http/chunked.h"

#include <doctest/doctest.h>

#include <cstdio>
#include <random>
#include <string>
#include <vector>

using switchyard::http::ChunkedDecoder;
using Outcome = ChunkedDecoder::Outcome;

namespace {

struct Decoded {
    Outcome outcome = Outcome::more;
    std::string data;
    std::size_t consumed = 0;
    std::string trailers;
    bool operator==(const Decoded&) const = default;
};

// Feeds the bytes in pieces of the given sizes; the last size repeats.
Decoded decode(const std::string& bytes, const std::vector<std::size_t>& sizes, bool keep_trailers = false) {
    Decoded out;
    ChunkedDecoder decoder;
    static const std::vector<std::string> kWanted{"x-sum", "a",      "content-length", "host",
                                                  "te",    "cookie", "authorization",  "x-forwarded-for"};
    if (keep_trailers) decoder.trailers = &out.trailers, decoder.wanted = &kWanted;
    std::size_t at = 0, piece = 0;
    while (at < bytes.size() && out.outcome == Outcome::more) {
        const std::size_t size = std::min(sizes[std::min(piece++, sizes.size() - 1)], bytes.size() - at);
        std::vector<char> buffer(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                                 bytes.begin() + static_cast<std::ptrdiff_t>(at + size));
        const auto fed = decoder.feed(buffer);
        out.outcome = fed.outcome;
        out.data.append(buffer.data(), fed.data);
        out.consumed += fed.consumed;
        if (fed.outcome == Outcome::more) REQUIRE(fed.consumed == size);
        at += size;
    }
    return out;
}

Decoded decode(const std::string& bytes) {
    return decode(bytes, {bytes.size()});
}

// The oracle: whole text at once, by the grammar of RFC 9112 §7.1, with this proxy's limits. Written without a look
// at the decoder's states.
Decoded reference(const std::string& bytes) {
    Decoded out;
    std::size_t at = 0;
    const auto bad = [&] { out.outcome = Outcome::bad; };
    for (;;) {
        std::uint64_t size = 0;
        std::size_t digits = 0;
        while (at < bytes.size() && std::isxdigit(static_cast<unsigned char>(bytes[at]))) {
            if (++digits > 15) return bad(), out;
            size = size * 16 + std::stoul(bytes.substr(at++, 1), nullptr, 16);
        }
        if (at == bytes.size()) return out;
        if (digits == 0) return bad(), out;
        if (bytes[at] == ';') {
            std::size_t extension = 0;
            for (++at; at < bytes.size() && bytes[at] != '\r'; ++at) {
                const auto c = static_cast<unsigned char>(bytes[at]);
                if ((c < 0x20 && c != '\t') || c == 0x7f || ++extension > ChunkedDecoder::kMaxExtension)
                    return bad(), out;
            }
        }
        if (at == bytes.size()) return out;
        if (bytes[at++] != '\r') return bad(), out;
        if (at == bytes.size()) return out;
        if (bytes[at++] != '\n') return bad(), out;
        if (size == 0) break;
        const std::size_t take = static_cast<std::size_t>(std::min<std::uint64_t>(size, bytes.size() - at));
        out.data += bytes.substr(at, take);
        at += take;
        if (take < size || at == bytes.size()) return out;
        if (bytes[at++] != '\r') return bad(), out;
        if (at == bytes.size()) return out;
        if (bytes[at++] != '\n') return bad(), out;
    }
    // Trailers: lines up to an empty one.
    for (std::size_t begin = at;;) {
        std::size_t end = begin;
        while (end < bytes.size() && bytes[end] != '\n') {
            const auto c = static_cast<unsigned char>(bytes[end]);
            const bool text = c == '\t' || (c >= 0x20 && c != 0x7f);
            if (!text && c != '\r') return bad(), out;
            if (end > begin && bytes[end - 1] == '\r') return bad(), out;
            ++end;
        }
        if (end == bytes.size()) return out;
        if (end == begin || bytes[end - 1] != '\r') return bad(), out;
        const std::string line = bytes.substr(begin, end - 1 - begin);
        begin = end + 1;
        if (line.empty()) {
            out.outcome = Outcome::done;
            out.consumed = begin;
            return out;
        }
        const auto colon = line.find(':');
        if (colon == 0 || colon == line.npos) return bad(), out;
        for (char c : line.substr(0, colon))
            if (!std::isalnum(static_cast<unsigned char>(c)) &&
                std::string("!#$%&'*+-.^_`|~").find(c) == std::string::npos)
                return bad(), out;
    }
}

}  // namespace

TEST_CASE("chunks are decoded and bytes behind the message are left") {
    const auto out = decode("3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\nGET / HTTP/1.1");
    CHECK(out.outcome == Outcome::done);
    CHECK(out.data == "abc0123456789");
    CHECK(out.consumed == 8 + 15 + 5);
}

TEST_CASE("what two recipients could read in two ways is refused") {
    const char* kRows[] = {
        "0x3\r\nabc\r\n0\r\n\r\n",
        "+3\r\nabc\r\n0\r\n\r\n",
        "-3\r\nabc\r\n0\r\n\r\n",
        " 3\r\nabc\r\n0\r\n\r\n",
        "3 \r\nabc\r\n0\r\n\r\n",
        "3\t\r\nabc\r\n0\r\n\r\n",
        "\r\nabc\r\n0\r\n\r\n",
        "1_0\r\nabc\r\n0\r\n\r\n",
        "3\nabc\r\n0\r\n\r\n",
        "3\rabc\r\n0\r\n\r\n",
        "3\r\nabc\n0\r\n\r\n",
        "3\r\nabc0\r\n\r\n",
        "3\r\nabcd\r\n0\r\n\r\n",
        "3\r\nabc\r\n0\n\n",
        "3\r\nabc\r\n\r\n0\r\n\r\n",
        "3;a\nabc\r\n0\r\n\r\n",
        "3;a\x01\r\nabc\r\n0\r\n\r\n",
        "3;a\rb\r\nabc\r\n0\r\n\r\n",
        "g\r\n",
        "10000000000000003\r\n",
        "0000000000000003\r\n",
        "ffffffffffffffff\r\n",
        "0\r\nbad line\r\n\r\n",
        "0\r\n: x\r\n\r\n",
        "0\r\nX: 1\nY: 2\r\n\r\n",
        "0\r\n X: 1\r\n\r\n",
        "0\r\nX : 1\r\n\r\n",
        "0\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
        "0\r\nX: a\x01\r\n\r\n",
        "0\r\nX: a\rb\r\n\r\n",
    };
    for (const char* row : kRows) {
        CAPTURE(row);
        CHECK(decode(row).outcome == Outcome::bad);
    }
}

TEST_CASE("extensions are dropped and bounded") {
    CHECK(decode("3;a=\"b;c\"\r\nabc\r\n0;x\r\n\r\n").data == "abc");
    const std::string longest(ChunkedDecoder::kMaxExtension, 'a');
    CHECK(decode("3;" + longest + "\r\nabc\r\n0\r\n\r\n").outcome == Outcome::done);
    CHECK(decode("3;" + longest + "a\r\nabc\r\n0\r\n\r\n").outcome == Outcome::bad);
}

TEST_CASE("trailers are bounded, checked, and kept only when asked for by name") {
    const std::string bytes = "0\r\nX-Sum: 1\r\nX-Other:2\r\nx-SUM:3\r\n\r\n";
    CHECK(decode(bytes).trailers.empty());
    CHECK(decode(bytes, {1}, true).trailers == "X-Sum: 1\r\nx-SUM:3\r\n");
    // Not even by name: what would change the message where it is merged into the head.
    CHECK(decode("0\r\nContent-Length: 7\r\nHost: x\r\nTE: x\r\nA: b\r\n\r\n", {1}, true).trailers == "A: b\r\n");
    CHECK(
        decode("0\r\nCookie: 1\r\nAuthorization: x\r\nX-Forwarded-For: 1.1.1.1\r\nA: b\r\n\r\n", {1}, true).trailers ==
        "A: b\r\n");
    std::string many = "0\r\n";
    while (many.size() < ChunkedDecoder::kMaxTrailers + 100) many += "X: 1234567890\r\n";
    CHECK(decode(many + "\r\n").outcome == Outcome::bad);
}

TEST_CASE("every way of cutting the text in two, and byte by byte, gives the same") {
    const std::string bodies[] = {"3\r\nabc\r\n0\r\n\r\n",
                                  "1;x=y\r\na\r\n00a\r\n0123456789\r\n0\r\nA: b\r\nC: d\r\n\r\nrest",
                                  "0\r\n\r\n",
                                  "5\r\na\r\n\r\n\r\n2\r\n0\r\r\n0\r\n\r\n",
                                  "3\r\nabcX",
                                  "ff\r\nshort"};
    for (const auto& bytes : bodies) {
        const auto whole = decode(bytes, {bytes.size()}, true);
        for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
            CAPTURE(bytes);
            CAPTURE(cut);
            REQUIRE(decode(bytes, {std::max<std::size_t>(cut, 1), bytes.size()}, true) == whole);
        }
        REQUIRE(decode(bytes, {1}, true) == whole);
    }
}

TEST_CASE("on random text it agrees with the grammar, however it is cut") {
    std::mt19937 random(3);
    const std::string alphabet = "013aF;\r\n\r\n:x \t\x01";
    unsigned done = 0, bad = 0, more = 0;
    for (int round = 0; round < 60'000; ++round) {
        std::string bytes;
        for (auto chunks = random() % 3; chunks > 0; --chunks) {
            const std::size_t size = 1 + random() % 20;
            char head[16];
            std::snprintf(head, sizeof head, "%zx\r\n", size);
            bytes += head + std::string(size, 'd') + "\r\n";
        }
        bytes += random() % 4 ? "0\r\n\r\n" : "0\r\nX: y\r\n\r\n";
        for (auto changes = random() % 4; changes > 1; --changes) {
            const auto at = random() % bytes.size();
            if (random() % 2)
                bytes[at] = alphabet[random() % alphabet.size()];
            else
                bytes.insert(at, 1, alphabet[random() % alphabet.size()]);
        }
        CAPTURE(bytes);
        const auto expected = reference(bytes);
        const auto got = decode(bytes, {1 + random() % 7, 1 + random() % 7, 1 + random() % 30});
        REQUIRE(got.outcome == expected.outcome);
        if (expected.outcome == Outcome::bad) {
            ++bad;
            continue;
        }
        REQUIRE(got.data == expected.data);
        if (expected.outcome == Outcome::done) REQUIRE(got.consumed == expected.consumed);
        ++(expected.outcome == Outcome::done ? done : more);
    }
    CHECK(done > 1000);
    CHECK(bad > 1000);
    CHECK(more > 100);
}
