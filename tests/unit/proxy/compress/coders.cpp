#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "proxy/compress/coder_shelf.h"
#include "tests/support/decoders.h"

using namespace switchyard;
using namespace switchyard::compress;
using config::Encoding;
using Then = Coder::Then;

namespace {

constexpr Encoding kEach[] = {Encoding::gzip, Encoding::brotli, Encoding::zstd};

std::string text_of(std::size_t size, unsigned seed) {
    std::mt19937 random(seed);
    std::string out;
    while (out.size() < size) out += "item " + std::to_string(random() % 5000) + (random() % 9 == 0 ? "\n" : ", ");
    out.resize(size);
    return out;
}

// All that comes out of it, by pieces of room.
std::string drive(Coder& coder, std::string_view octets, Then then, std::size_t room) {
    std::string out, piece(room, '\0');
    for (;;) {
        const auto step = coder.code(octets, piece, then);
        REQUIRE_FALSE(step.failed);
        octets.remove_prefix(step.taken);
        out.append(piece, 0, step.made);
        if (step.done && octets.empty()) return out;
        REQUIRE((step.taken != 0 || step.made != 0 || then == Then::flush));
    }
}

}  // namespace

TEST_CASE("what goes in comes out, whatever the pieces; and a coder that was used begins anew") {
    CoderShelf shelf;
    for (const Encoding encoding : kEach)
        for (const bool small : {false, true})
            for (const std::size_t size : {0U, 1U, 3000U, 7168U, 300'000U}) {
                for (const auto& [piece, room] : {std::pair{1000U, 100U}, {64U, 20'000U}, {400'000U, 16'384U}}) {
                    CAPTURE(word(encoding));
                    CAPTURE(size);
                    const std::string text = text_of(size, static_cast<unsigned>(size));
                    auto coder = shelf.take({encoding, 4, small});
                    REQUIRE(coder);
                    std::string coded;
                    for (std::size_t at = 0; at < size; at += piece)
                        coded += drive(*coder, std::string_view(text).substr(at, piece), Then::more, room);
                    coded += drive(*coder, {}, Then::end, room);
                    const auto decoded = test::decode(encoding, coded);
                    CHECK(decoded.ended);
                    CHECK(decoded.text == text);
                    shelf.give(std::move(coder));
                }
            }
    CHECK(shelf.lent() == 0);
}

TEST_CASE("what was flushed can be decoded without what follows") {
    for (const Encoding encoding : kEach) {
        CAPTURE(word(encoding));
        const auto coder = Coder::make({encoding, 4, false});
        std::string coded, said;
        for (int i = 0; i < 50; ++i) {
            const std::string event = "data: " + text_of(40, static_cast<unsigned>(i)) + "\n\n";
            said += event;
            coded += drive(*coder, event, Then::more, 7);
            coded += drive(*coder, {}, Then::flush, 7);
            CHECK(test::decode(encoding, coded).text == said);
        }
        coded += drive(*coder, {}, Then::end, 7);
        CHECK(test::decode(encoding, coded).ended);
    }
}

TEST_CASE("one that was left in the middle begins anew") {
    CoderShelf shelf;
    for (const Encoding encoding : kEach) {
        auto coder = shelf.take({encoding, 4, false});
        drive(*coder, text_of(100'000, 1), Then::more, 1000);
        shelf.give(std::move(coder));
        coder = shelf.take({encoding, 4, false});
        const std::string text = text_of(5000, 2);
        CHECK(test::decode(encoding, drive(*coder, text, Then::end, 1000)).text == text);
        shelf.give(std::move(coder));
    }
}

TEST_CASE("so many are lent, so many are kept, and each only for what it was made for") {
    CoderShelf shelf;
    std::vector<std::unique_ptr<Coder>> lent;
    for (std::size_t i = 0; i < CoderShelf::kMostLent; ++i)
        REQUIRE(lent.emplace_back(shelf.take({Encoding::gzip, 1, true})));
    CHECK(shelf.take({Encoding::gzip, 1, true}) == nullptr);
    CHECK(shelf.take({Encoding::zstd, 1, false}) == nullptr);
    shelf.give(std::move(lent.back()));
    lent.pop_back();
    CHECK(shelf.kept() == 1);
    auto other = shelf.take({Encoding::gzip, 2, true});
    REQUIRE(other);
    CHECK(other->kind().level == 2);
    shelf.give(std::move(other));
    for (auto& coder : lent) shelf.give(std::move(coder));
    CHECK(shelf.lent() == 0);
    CHECK(shelf.kept() == CoderShelf::kMostKept);
}
