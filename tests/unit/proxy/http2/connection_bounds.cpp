// The bounds of a connection: windows, lanes, floods, and the longest header block.
#include <algorithm>
#include <random>

#include "tests/unit/proxy/http2/connection_peer.h"

using namespace switchyard;
using namespace switchyard::test::http2_peer;

TEST_CASE("a window holds to the octet, the lane's and the connection's") {
    Peer peer;
    peer.say(headers(1, kWhole));
    for (int i = 0; i < 4; ++i) peer.say(data(1, std::string(i == 3 ? 16'383 : 16'384, 'x')));
    CHECK_FALSE(peer.connection.ended());
    peer.say(data(1, "x"));
    CHECK(peer.connection.ended() == ErrorCode::flow_control_error);

    // Credit is given for what was taken, and not for what arrived.
    Peer taker;
    taker.say(headers(1, kWhole));
    for (int i = 0; i < 100; ++i) {
        taker.say(data(1, std::string(16'000, 'x')));
        taker.connection.taken(1, 16'000);
    }
    CHECK_FALSE(taker.connection.ended());
    const Words credits = taker.answers();
    CHECK(std::count(credits.begin(), credits.end(), "window_update 1") >= 30);
    CHECK(std::count(credits.begin(), credits.end(), "window_update 0") >= 1);
}

TEST_CASE("lanes are counted until their exchange has ended, whoever reset them") {
    Peer peer;
    std::uint32_t id = 1;
    for (std::size_t i = 0; i < http2::kMaxLanes; ++i, id += 2) peer.say(headers(id, kWhole) + reset(id));
    CHECK(peer.connection.lanes() == http2::kMaxLanes);
    CHECK(peer.answers().empty());
    peer.told.clear();
    peer.say(headers(id, kWhole) + data(id, "x", kEnds));
    CHECK(peer.told.empty());
    CHECK(peer.answers() == Words{"reset " + std::to_string(id)});
    peer.connection.done(1);
    id += 2;
    peer.say(headers(id, kWhole | kEnds));
    CHECK(peer.told == Words{"head " + std::to_string(id) + " end"});
}

TEST_CASE("floods end the connection, each at its bound and not before") {
    struct Flood {
        const char* what;
        std::string first, each;
        std::size_t least, most;  // of those that are let through
        int lanes = 0;            // each opens one: 1 and goes on, 2 and it is done
    };
    const std::string open = headers(1, kWhole);
    const Flood floods[] = {
        {"pings without traffic", "", ping(), 100, 103},
        {"priority", open, frame(FrameType::priority, 0, 1, number(0) + "x"), 100, 101},
        {"unknown frames", "", frame(static_cast<FrameType>(0xbe), 0, 0, "x"), 100, 101},
        {"settings", "", kSettings, 102, 104},
        {"acknowledgements of nothing", "", kSettingsAck, 100, 101},
        {"empty data", open, data(1, ""), 100, 101},
        {"window updates", "", update(0, 1), 199, 201},
        {"resets of lanes", "", "", 1'000, 1'001, 1},
        {"lanes that are malformed", "", "", 100, 101, 2},
    };
    for (const Flood& flood : floods) {
        CAPTURE(flood.what);
        Peer peer;
        peer.say(flood.first);
        std::size_t count = 0;
        std::uint32_t id = 3;
        for (; !peer.connection.ended() && count < 3'000; ++count, id += 2) {
            if (flood.lanes == 1) peer.say(headers(id, kWhole) + reset(id));
            if (flood.lanes == 2) peer.say(headers(id, kWhole, request({{"connection", "x"}})));
            if (flood.lanes > 0) peer.connection.done(id);
            peer.say(flood.each);
        }
        CHECK(peer.connection.ended() == ErrorCode::enhance_your_calm);
        CHECK(count - 1 >= flood.least);
        CHECK(count - 1 <= flood.most);
    }
}

TEST_CASE("a header block has an end, in frames, in octets and in what it decodes to") {
    const auto after = [](std::size_t frames, std::size_t fields) {
        Peer peer;
        peer.say(frame(FrameType::headers, 0, 1, block(request())));
        std::string part;
        for (std::size_t i = 0; i < fields; ++i) part.append("\0\1a\1b", 5);
        for (std::size_t i = 0; i < frames && !peer.connection.ended(); ++i)
            peer.say(frame(FrameType::continuation, 0, 1, part));
        return peer.connection.ended();
    };
    CHECK_FALSE(after(http2::kMaxContinuations, 0));
    CHECK(after(http2::kMaxContinuations + 1, 0) == ErrorCode::enhance_your_calm);
    constexpr std::size_t kFields = 3'200;  // of five octets each, in a frame
    CHECK_FALSE(after(4, kFields));
    CHECK(after(5, kFields) == ErrorCode::enhance_your_calm);
    // And to the octet.
    const auto after_octets = [](std::size_t octets) {
        std::string all = block(request());
        while (all.size() + 20 < http2::kMaxEncoded) all.append("\0\1a\1b", 5);
        all.append("\0\1a", 3);
        all += static_cast<char>(http2::kMaxEncoded - all.size() - 1);
        all.resize(octets, 'v');
        Peer peer;
        for (std::size_t at = 0; at < all.size(); at += http2::kMaxPayload)
            peer.say(frame(at == 0 ? FrameType::headers : FrameType::continuation, 0, 1,
                           all.substr(at, http2::kMaxPayload)));
        return peer.connection.ended();
    };
    CHECK_FALSE(after_octets(http2::kMaxEncoded));
    CHECK(after_octets(http2::kMaxEncoded + 1) == ErrorCode::enhance_your_calm);
}

TEST_CASE("honest peers that ping and credit often are no flood") {
    Peer peer;
    peer.say(headers(1, kWhole));
    peer.connection.sent_head(1, false);
    for (int i = 0; i < 10'000; ++i) {
        peer.say(ping() + data(1, "x") + update(0, 1) + update(1, 1));
        peer.connection.taken(1, 1);
        peer.connection.sent_data(1, 1, false, false, peer.now);
        peer.answers();
    }
    CHECK_FALSE(peer.connection.ended());
}

TEST_CASE("a window that the peer opens octet by octet costs it a token each") {
    Peer peer;
    peer.say(initial_window(0) + headers(1, kWhole | kEnds));
    std::size_t sent = 0;
    for (; !peer.connection.ended() && sent < 1'000; ++sent) {
        peer.say(update(1, 1));
        if (peer.connection.may_send(1) > 0) peer.connection.sent_data(1, 1, false, true, peer.now);
    }
    CHECK(peer.connection.ended() == ErrorCode::enhance_your_calm);
    CHECK(sent <= 102);
}

TEST_CASE("whatever comes, in whatever pieces, is told alike, and the bounds hold") {
    for (unsigned seed = 1; seed <= 300; ++seed) {
        std::mt19937 random(seed);
        const auto dice = [&random] { return static_cast<std::uint32_t>(random()); };
        std::string all = std::string(http2::kPreface) + kSettings + kSettingsAck;
        std::uint32_t next = 1;
        for (int i = 0; i < 60; ++i) {
            const std::uint32_t some = 1 + 2 * (dice() % (next / 2 + 1));
            switch (dice() % 12) {
                case 0:
                case 1:
                case 2:
                    all += headers(next, kWhole | (dice() % 2 == 0 ? kEnds : std::uint8_t{0}));
                    next += 2;
                    break;
                case 3:
                case 4:
                    all += data(some, std::string(dice() % 50, 'x'), dice() % 4 == 0 ? kEnds : std::uint8_t{0});
                    break;
                case 5:
                    all += reset(some);
                    break;
                case 6:
                    all += update(dice() % 2 == 0 ? 0 : some, 1 + dice() % 1'000);
                    break;
                case 7:
                    all += ping();
                    break;
                case 8:
                    all += initial_window(dice() % 100'000);
                    break;
                case 9:
                    all += headers(some, kWhole | kEnds, {{"a", "b"}});
                    break;
                case 10:
                    all += headers(next, kWhole, request({{"te", "gzip"}}));
                    next += 2;
                    break;
                default:
                    if (dice() % 20 == 0)
                        all += frame(static_cast<FrameType>(dice() % 256), static_cast<std::uint8_t>(dice()), some,
                                     "xxxxxxxx");
            }
        }
        Peer whole(false), pieces(false);
        whole.say(all);
        std::string unread;
        for (std::size_t at = 0; at < all.size();) {
            const std::size_t size = std::min<std::size_t>(1 + dice() % 40, all.size() - at);
            unread += all.substr(at, size);
            at += size;
            unread.erase(0, pieces.connection.feed(unread, pieces.now, pieces));
        }
        CAPTURE(seed);
        CHECK(whole.told == pieces.told);
        CHECK(whole.connection.ended() == pieces.connection.ended());
        CHECK(whole.connection.lanes() <= http2::kMaxLanes);
        CHECK(whole.answers() == pieces.answers());
        for (std::uint32_t id = 1; id < next; id += 2) {
            CHECK(whole.connection.may_send(id) <= http2::kMaxPayload);
            whole.connection.taken(id, 0);
            whole.connection.done(id);
        }
        CHECK(whole.connection.lanes() == 0);
    }
}

TEST_CASE("where there is no room for a lane it is refused, and that is nobody's misdeed") {
    struct Full final : Connection::Events {
        Connection::HeadRoom room_for_head(std::uint32_t) override { return {{}, nullptr}; }
        void head(std::uint32_t, const http2::RequestHead&, http2::RequestHead::Verdict, bool) override {
            FAIL("told");
        }
        void data(std::uint32_t, std::string_view, bool) override { FAIL("told"); }
        void trailer(std::uint32_t, std::string_view, std::string_view) override { FAIL("told"); }
        void reset(std::uint32_t, ErrorCode) override { FAIL("told"); }
        void writable(std::uint32_t) override {}
    } events;
    Connection connection;
    connection.feed(std::string(http2::kPreface) + kSettings, 1'000, events);
    for (std::uint32_t id = 1; id < 400; id += 2) {
        connection.control().sent(connection.control_waits().size());
        const std::string all = headers(id, kWhole) + data(id, "x", kEnds);
        CHECK(connection.feed(all, 1'000, events) == all.size());
    }
    CHECK_FALSE(connection.ended());
    CHECK(connection.lanes() == 0);
    CHECK(connection.control_waits().size() == http2::kFrameHeadSize + 4);  // its RST_STREAM
}
