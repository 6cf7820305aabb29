// What we encode is read by nghttp2's decoder and by ours; what no peer may send is refused.
#include <doctest/doctest.h>

#include <nghttp2/nghttp2.h>

#include <array>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "proxy/http2/header_decoder.h"
#include "proxy/http2/header_encoder.h"
#include "proxy/http2/huffman.h"
#include "proxy/http2/static_table.h"

using namespace switchyard::http2;
using Outcome = HeaderDecoder::Outcome;
using Fields = std::vector<std::pair<std::string, std::string>>;

namespace {

struct Decoded {
    Outcome outcome = Outcome::bad;
    Fields fields;
};

Decoded decode(HeaderDecoder& decoder, std::string_view block, std::size_t piece = std::string_view::npos) {
    Decoded out;
    do {
        const std::string_view part = block.substr(0, piece);
        block.remove_prefix(part.size());
        out.outcome = decoder.feed(part, block.empty(), [&](std::string_view name, std::string_view value) {
            out.fields.emplace_back(name, value);
        });
    } while (out.outcome == Outcome::more && !block.empty());
    return out;
}

std::string encode(const Fields& fields, bool first) {
    std::array<char, 70'000> room;
    HeaderEncoder encoder(room, first);
    for (const auto& [name, value] : fields) REQUIRE(encoder.add(name, value));
    return {room.data(), encoder.size()};
}

std::string huffman(std::string_view text) {
    std::string out(huffman_size(text), '\0');
    CHECK(write_huffman(out.data(), text) == out.data() + out.size());
    return out;
}

std::string unhex(std::string_view hex) {
    std::string out;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
        out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
    return out;
}

}  // namespace

TEST_CASE("the Huffman code is that of RFC 7541, appendix C") {
    CHECK(huffman("www.example.com") == unhex("f1e3c2e5f23a6ba0ab90f4ff"));
    CHECK(huffman("no-cache") == unhex("a8eb10649cbf"));
    CHECK(huffman("custom-value") == unhex("25a849e95bb8e8b4bf"));
    CHECK(huffman("Mon, 21 Oct 2013 20:13:21 GMT") == unhex("d07abe941054d444a8200595040b8166e082a62d1bff"));
    CHECK(huffman("").empty());
}

TEST_CASE("the static table's fields are one octet each") {
    CHECK(kStaticTable[1].value == "GET");
    CHECK(kStaticTable[60].name == "www-authenticate");
    CHECK(encode({{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":status", "200"}}, false) ==
          unhex("8286848"
                "8"));
    CHECK(encode({}, true) == unhex("20"));
}

TEST_CASE("secrets are never to be indexed, in whatever case their names are written") {
    for (const char* name : {"authorization", "Cookie", "set-cookie", "Proxy-Authorization"}) {
        const std::string block = encode({{name, "s"}}, false);
        CHECK((static_cast<unsigned char>(block[0]) & 0xf0) == 0x10);
    }
    CHECK((static_cast<unsigned char>(encode({{"etag", "s"}}, false)[0]) & 0xf0) == 0x00);
}

TEST_CASE("random fields come back as they were, whole, in pieces, over many blocks of one connection") {
    std::mt19937 random(20'261'129);
    const auto below = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random); };
    HeaderDecoder decoder;
    for (int block = 0; block < 300; ++block) {
        Fields fields;
        for (std::size_t i = below(30); i > 0; --i) {
            std::string name, value;
            if (below(2) == 0) {
                name = kStaticTable[below(kStaticTable.size())].name;
                if (below(2) == 0) value = kStaticTable[below(kStaticTable.size())].value;
            } else {
                for (std::size_t n = 1 + below(20); n > 0; --n) name += static_cast<char>('a' + below(26));
            }
            if (value.empty())
                for (std::size_t n = below(i == 1 ? 5000 : 40); n > 0; --n) value += static_cast<char>(below(256));
            fields.emplace_back(name, value);
        }
        const std::string octets = encode(fields, block == 0);
        if (octets.empty()) continue;
        const Decoded got = decode(decoder, octets, block % 3 == 0 ? std::string_view::npos : 1 + below(9));
        REQUIRE(got.outcome == Outcome::done);
        REQUIRE(got.fields == fields);
    }
}

TEST_CASE("fields that are named by the table, which grows and forgets, come back as they were, whole and in pieces") {
    std::mt19937 random(11);
    const auto below = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random); };
    for (const std::size_t table : {std::size_t{4096}, std::size_t{200}, std::size_t{0}}) {
        CAPTURE(table);
        nghttp2_hd_deflater* made = nullptr;
        REQUIRE(nghttp2_hd_deflate_new(&made, table) == 0);
        const std::unique_ptr<nghttp2_hd_deflater, decltype(&nghttp2_hd_deflate_del)> deflater(made,
                                                                                               nghttp2_hd_deflate_del);
        HeaderDecoder decoder;
        for (int block = 0; block < 500; ++block) {
            Fields fields;
            for (std::size_t i = below(12); i > 0; --i) {
                const std::size_t which = below(40);
                if (which < 10)
                    fields.emplace_back(kStaticTable[which].name, kStaticTable[which].value);
                else
                    fields.emplace_back("x-" + std::to_string(which),
                                        std::string(which, 'v') + std::to_string(below(3)));
            }
            std::vector<nghttp2_nv> pairs;
            for (auto& [name, value] : fields)
                pairs.push_back({reinterpret_cast<std::uint8_t*>(name.data()),
                                 reinterpret_cast<std::uint8_t*>(value.data()), name.size(), value.size(),
                                 NGHTTP2_NV_FLAG_NONE});
            std::string octets(nghttp2_hd_deflate_bound(made, pairs.data(), pairs.size()), '\0');
            const auto size = nghttp2_hd_deflate_hd(made, reinterpret_cast<std::uint8_t*>(octets.data()), octets.size(),
                                                    pairs.data(), pairs.size());
            REQUIRE(size >= 0);
            octets.resize(static_cast<std::size_t>(size));
            const Decoded got = decode(decoder, octets, block % 2 == 0 ? std::string_view::npos : 1 + below(9));
            REQUIRE(got.outcome == Outcome::done);
            REQUIRE(got.fields == fields);
        }
    }
}

TEST_CASE("capitals become small letters, and a field that does not fit leaves the block as it was") {
    std::array<char, 40> room;
    HeaderEncoder encoder(room, true);
    CHECK(encoder.add("X-Ab", "1"));
    const std::size_t size = encoder.size();
    CHECK_FALSE(encoder.add("x-long", std::string(40, '~')));
    CHECK(encoder.size() == size);
    HeaderDecoder decoder;
    CHECK(decode(decoder, {room.data(), size}).fields == Fields{{"x-ab", "1"}});
}

TEST_CASE("blocks that are not HPACK end the connection") {
    const std::vector<std::pair<const char*, std::string>> rows{
        {"index 0", unhex("80")},
        {"an index beyond the table", unhex("be")},
        {"a table larger than announced", unhex("3fe21f")},
        {"a change of the table's size behind a field", unhex("8220")},
        {"a change of the table's size behind a literal", unhex("00016101622000")},
        {"Huffman with EOS", unhex("00") + unhex("84ffffffff") + unhex("00")},
        {"Huffman padded with more than seven bits", unhex("00") + unhex("821fff") + unhex("00")},
        {"an integer without end", unhex("7fffffffffffffff7f")},
        {"cut inside a string", unhex("000361")},
    };
    for (const auto& [what, block] : rows) {
        CAPTURE(std::string(what));
        HeaderDecoder decoder;
        CHECK(decode(decoder, block).outcome == Outcome::bad);
    }
}

TEST_CASE("a few octets that name one large entry again and again are a bomb; just below it they are not") {
    constexpr std::size_t kValue = 4'000;
    std::string literal = unhex("40");  // with indexing, a name of one octet, a value of 4,000
    literal += "\x01x";
    literal += unhex("7fa11e") + std::string(kValue, 'v');
    for (const std::size_t uses : {kMaxDecoded / (kValue + 1) - 1, kMaxDecoded / (kValue + 1)}) {
        HeaderDecoder decoder;
        const Decoded got = decode(decoder, literal + std::string(uses, static_cast<char>(0xbe)));
        CHECK(got.outcome == (uses < kMaxDecoded / (kValue + 1) ? Outcome::done : Outcome::too_much));
    }
}
