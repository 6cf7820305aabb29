// The block of frames of an HTTP/2 connection: what stands in which order, and whose turn it is.
#include "proxy/serve/frame_block.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "proxy/http2/frame.h"
#include "proxy/serve/frame_ring.h"

using namespace switchyard;
using serve::FrameBlock;

namespace {

// "TYPE:stream:flags:length" of each frame.
std::vector<std::string> frames_of(std::string_view octets) {
    std::vector<std::string> out;
    while (octets.size() >= http2::kFrameHeadSize) {
        const auto head = http2::read_frame_head(octets.data());
        out.push_back(std::to_string(head.type) + ":" + std::to_string(head.stream) + ":" + std::to_string(head.flags) +
                      ":" + std::to_string(head.length));
        octets.remove_prefix(http2::kFrameHeadSize + head.length);
    }
    CHECK(octets.empty());
    return out;
}

struct Waiting final : serve::FrameTurn {
    unsigned times = 0;
    void invite() override { ++times; }
    Came pull(serve::Run&) override { return Came::wait; }
    void take(std::size_t) override {}
    bool take_whole(std::size_t, net::Buffer&) override { return false; }
    std::string_view trailers() const override { return {}; }
    Put put_head(std::string_view, bool, std::uint64_t&) override { return Put::wait; }
    Put put_trailers(std::string_view, std::uint64_t&) override { return Put::wait; }
    Put put_data(std::string_view&, bool, std::uint64_t&) override { return Put::wait; }
};

struct Blocked {
    net::BufferPool pool;
    http2::ControlFrames control;
    FrameBlock block{pool, control};
    serve::FrameRing ring;

    void fill() {
        std::string_view octets = many;
        while (block.fits(FrameBlock::room_for_data(octets.size())))
            block.put_data(1, octets, http2::kMaxPayload, false);
    }
    const std::string many = std::string(100'000, 'x');
};

}  // namespace

TEST_CASE("frames stand in the order in which they were put, and what the connection says is among them") {
    Blocked it;
    std::string_view octets = "hello";
    REQUIRE(it.block.fits(FrameBlock::room_for_data(octets.size())));
    const auto put = it.block.put_data(3, octets, 4, true);
    CHECK(put.size == 4);
    CHECK_FALSE(put.last);
    CHECK(octets == "o");
    it.control.reset(5, http2::ErrorCode::cancel);
    REQUIRE(it.block.fits(FrameBlock::room_for_data(octets.size())));
    CHECK(it.block.put_data(3, octets, 4, true).last);
    CHECK(frames_of(it.block.waiting()) == std::vector<std::string>{"0:3:0:4", "3:5:0:4", "0:3:1:1"});
    CHECK(it.block.put() == 13 + 13 + 10);
    CHECK(it.block.gone() == 0);
    it.block.consume(20);
    CHECK(it.block.gone() == 20);
    it.block.consume(16);
    it.block.rest();
    CHECK(it.block.gone() == it.block.put());
}

TEST_CASE("a head that one frame cannot hold is continued") {
    Blocked it;
    const std::string large(17'000, '!');  // Huffman's code makes it no shorter
    REQUIRE(it.block.fits(FrameBlock::room_for(large.size())));
    auto fields = it.block.begin_block();
    REQUIRE(fields.add("x-large", large));
    const std::size_t whole = it.block.end_block(fields, 1, true);
    CHECK(whole == it.block.waiting().size());
    const auto frames = frames_of(it.block.waiting());
    REQUIRE(frames.size() == 2);
    CHECK(frames[0] == "1:1:1:16384");
    CHECK(frames[1].starts_with("9:1:4:"));
}

TEST_CASE("control frames that find no room keep all others waiting") {
    Blocked it;
    it.fill();
    for (int i = 0; i < 100; ++i) it.control.ping("12345678", true);
    CHECK_FALSE(it.block.fits(1));
    CHECK_FALSE(it.control.waiting().empty());
    it.block.consume(it.block.waiting().size());
    CHECK(it.block.fits(1));
    CHECK(it.control.waiting().empty());
}

TEST_CASE("lanes have their turn in the order in which they came, as far as there is room and window") {
    Blocked it;
    it.fill();
    Waiting first, second, head, third;
    it.ring.join(first, 0);
    it.ring.join(second, 0);
    it.ring.join(head, 500);
    it.ring.join(third, 0);
    it.ring.join(first, 0);  // it stands there already
    CHECK_FALSE(it.ring.invite(it.block.space(), 1'000'000));
    CHECK(it.ring.awaits(first));
    it.block.consume(it.block.waiting().size());
    SUBCASE("each for a whole frame, and the last with what there is") {
        CHECK(it.ring.invite(it.block.space(), 1'000'000));
        CHECK(first.invited);
        CHECK(first.times == 1);
        CHECK(second.times == 1);  // with what is left of the block
        CHECK(third.times == 0);
        CHECK_FALSE(it.ring.awaits(first));
    }
    SUBCASE("without a window those who need none") {
        CHECK(it.ring.invite(it.block.space(), 0));
        CHECK(first.times + second.times + third.times == 0);
        CHECK(head.times == 1);
        CHECK_FALSE(head.invited);
        CHECK(it.ring.awaits(first));
    }
    SUBCASE("all of them where none comes any more, for they have to find that out") {
        CHECK(it.ring.invite(it.block.space(), 0, true));
        CHECK(first.times == 1);
    }
    SUBCASE("none that has gone") {
        it.ring.forget(first);
        CHECK(it.ring.invite(it.block.space(), http2::kMaxPayload));
        CHECK(first.times == 0);
        CHECK(second.times == 1);
    }
}
