#include "proxy/http2/connection.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "proxy/http2/header_encoder.h"

using namespace switchyard;
using http2::Connection;
using http2::ErrorCode;
using http2::FrameType;

namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

std::string frame(FrameType type, std::uint8_t flags, std::uint32_t stream, std::string_view payload) {
    std::string out(http2::kFrameHeadSize, '\0');
    http2::write_frame_head(
        out.data(), {static_cast<std::uint32_t>(payload.size()), static_cast<std::uint8_t>(type), flags, stream});
    return out.append(payload);
}

std::string number(std::uint32_t value) {
    std::string out(4, '\0');
    http2::write_u32(out.data(), value);
    return out;
}

std::string block(const Pairs& fields) {
    std::array<char, 20'000> room{};
    http2::HeaderEncoder encoder(room, false);
    for (const auto& [name, value] : fields) REQUIRE(encoder.add(name, value));
    return {room.data(), encoder.size()};
}

Pairs request(Pairs more = {}) {
    Pairs all{{":method", "POST"}, {":scheme", "https"}, {":authority", "a.example"}, {":path", "/"}};
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

constexpr std::uint8_t kEnds = http2::kEndStream;
constexpr std::uint8_t kWhole = http2::kEndHeaders;

std::string headers(std::uint32_t lane, std::uint8_t flags, const Pairs& fields = request()) {
    return frame(FrameType::headers, flags, lane, block(fields));
}
std::string data(std::uint32_t lane, std::string_view octets, std::uint8_t flags = 0) {
    return frame(FrameType::data, flags, lane, octets);
}
std::string reset(std::uint32_t lane, ErrorCode code = ErrorCode::cancel) {
    return frame(FrameType::rst_stream, 0, lane, number(static_cast<std::uint32_t>(code)));
}
std::string update(std::uint32_t stream, std::uint32_t increment) {
    return frame(FrameType::window_update, 0, stream, number(increment));
}
std::string initial_window(std::uint32_t size) {
    return frame(FrameType::settings, 0, 0, std::string("\0\4", 2) + number(size));
}
std::string ping() {
    return frame(FrameType::ping, 0, 0, "12345678");
}
const std::string kSettings = frame(FrameType::settings, 0, 0, "");
const std::string kSettingsAck = frame(FrameType::settings, http2::kAck, 0, "");

// A peer, and what it was told: "head 1", "data 1 abc end", …
struct Peer final : Connection::Events {
    Connection connection;
    std::vector<std::string> told;
    std::array<char, http::kMaxHead> text{};
    http::Head parsed;
    std::int64_t now = 1'000;

    explicit Peer(bool begun = true) {
        if (begun) {
            say(std::string(http2::kPreface) + kSettings + kSettingsAck);
            REQUIRE_FALSE(connection.ended());
            connection.control().sent(connection.control().waiting().size());
        }
    }
    void say(std::string_view octets) { CHECK(connection.feed(octets, now, *this) <= octets.size()); }

    Connection::HeadRoom room_for_head(std::uint32_t) override { return {text, &parsed}; }
    void head(std::uint32_t lane, const http2::RequestHead&, http2::RequestHead::Verdict verdict, bool end) override {
        using Verdict = http2::RequestHead::Verdict;
        told.push_back((verdict == Verdict::fine        ? "head "
                        : verdict == Verdict::malformed ? "malformed "
                                                        : "refused ") +
                       std::to_string(lane) + (end ? " end" : ""));
    }
    void data(std::uint32_t lane, std::string_view octets, bool end) override {
        told.push_back("data " + std::to_string(lane) + " " + std::string(octets.substr(0, 20)) + (end ? " end" : ""));
    }
    void trailer(std::uint32_t lane, std::string_view name, std::string_view value) override {
        told.push_back("trailer " + std::to_string(lane) + " " + std::string(name) + "=" + std::string(value));
    }
    void reset(std::uint32_t lane, ErrorCode) override { told.push_back("reset " + std::to_string(lane)); }
    void writable(std::uint32_t lane) override { told.push_back("writable " + std::to_string(lane)); }

    // The frames that wait, as words, and they are sent.
    std::vector<std::string> answers() {
        static const char* const kNames[] = {"data",         "headers", "priority", "reset",         "settings",
                                             "push_promise", "ping",    "goaway",   "window_update", "continuation"};
        std::string_view rest = connection.control().waiting();
        std::vector<std::string> all;
        while (!rest.empty()) {
            REQUIRE(rest.size() >= http2::kFrameHeadSize);
            const http2::FrameHead head = http2::read_frame_head(rest.data());
            REQUIRE(rest.size() >= http2::kFrameHeadSize + head.length);
            all.push_back(std::string(kNames[head.type]) + " " + std::to_string(head.stream) +
                          (head.has(http2::kAck) ? " ack" : ""));
            rest.remove_prefix(http2::kFrameHeadSize + head.length);
        }
        connection.control().sent(connection.control().waiting().size());
        return all;
    }
};

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("the life of a connection, from its preface to its end") {
    Peer peer(false);
    CHECK(peer.answers() == Words{"settings 0", "window_update 0"});
    const std::string begin = std::string(http2::kPreface) + kSettings;
    peer.say(begin.substr(0, 10));
    CHECK_FALSE(peer.connection.preface_came());
    peer.say(begin);
    CHECK(peer.connection.preface_came());
    CHECK(peer.answers() == Words{"settings 0 ack"});
    peer.say(kSettingsAck);

    peer.say(headers(1, kWhole, request({{"content-length", "6"}})) + data(1, "abc"));
    peer.say(headers(3, kWhole | kEnds));
    peer.say(data(1, "def", kEnds));
    CHECK(peer.told == Words{"head 1", "data 1 abc", "head 3 end", "data 1 def end"});
    CHECK(peer.connection.lanes() == 2);
    CHECK(peer.answers().empty());

    CHECK(peer.connection.may_send(1) == http2::kMaxPayload);
    peer.connection.sent_head(1, false);
    for (int i = 0; i < 4; ++i) {
        const std::uint32_t now = peer.connection.may_send(1);
        peer.connection.sent_data(1, now, false, true, peer.now);
    }
    CHECK(peer.connection.may_send(1) == 0);  // both windows are spent
    CHECK(peer.connection.may_send(3) == 0);
    peer.told.clear();
    peer.say(update(0, 1'000) + update(1, 10));
    CHECK(peer.told == Words{"writable 0", "writable 1"});
    CHECK(peer.connection.may_send(1) == 10);
    CHECK(peer.connection.may_send(3) == 1'000);
    peer.connection.sent_data(1, 10, true, false, peer.now);
    CHECK(peer.connection.may_send(1) == 0);
    peer.connection.done(1);
    CHECK(peer.connection.lanes() == 1);

    peer.connection.begin_end();
    peer.say(headers(5, kWhole | kEnds));
    peer.connection.finish_end();
    peer.told.clear();
    peer.say(headers(7, kWhole) + data(7, "x", kEnds) + reset(7));  // too late: passed over
    CHECK(peer.told.empty());
    CHECK(peer.answers() == Words{"goaway 0", "ping 0", "goaway 0"});
    CHECK(peer.connection.lanes() == 2);
    peer.connection.sent_head(3, true);
    peer.connection.sent_head(5, true);
    peer.connection.done(3);
    peer.connection.done(5);
    CHECK(peer.connection.lanes() == 0);
    CHECK_FALSE(peer.connection.ended());
}

TEST_CASE("trailers end a body, and those that would be read as another message are taken out") {
    Peer peer;
    peer.say(headers(1, kWhole) + data(1, "abc"));
    peer.say(headers(1, kWhole | kEnds,
                     {{"grpc-status", "0"}, {"content-length", "9"}, {"host", "b"}, {"authorization", "x"}}));
    CHECK(peer.told == Words{"head 1", "data 1 abc", "trailer 1 grpc-status=0", "data 1  end"});
    CHECK_FALSE(peer.connection.ended());
}

TEST_CASE("a lane that is over while its trailers are on their way: the rest of their block is decoded and dropped") {
    Peer peer;
    const std::string lines = block({{"x-sum", "7"}});
    peer.say(headers(1, kWhole) + frame(FrameType::headers, kEnds, 1, lines.substr(0, 2)));
    peer.connection.reset(1, ErrorCode::no_error);
    peer.connection.done(1);
    peer.told.clear();
    peer.say(frame(FrameType::continuation, kWhole, 1, lines.substr(2)));
    CHECK(peer.told.empty());
    CHECK_FALSE(peer.connection.ended());
    peer.say(headers(3, kWhole | kEnds));
    CHECK(peer.told == Words{"head 3 end"});
}

TEST_CASE("what is wrong with a message ends its lane and nothing else") {
    const std::string head = headers(1, kWhole, request({{"content-length", "3"}}));
    const std::string rows[] = {
        headers(1, kWhole, request({{"connection", "x"}})),
        headers(1, kWhole | kEnds, request({{"content-length", "3"}})),
        head + data(1, "abcd"),
        head + data(1, "ab", kEnds),
        head + data(1, "ab") + headers(1, kWhole | kEnds, {{"a", "b"}}),
        head + data(1, "abc") + headers(1, kWhole, {{"a", "b"}}),
        head + data(1, "abc") + headers(1, kWhole | kEnds, {{":path", "/"}}),
        head + data(1, "abc") + headers(1, kWhole | kEnds, {{"connection", "x"}}),
    };
    for (const std::string& row : rows) {
        CAPTURE(&row - rows);
        Peer peer;
        peer.say(row);
        CHECK_FALSE(peer.connection.ended());
        CHECK(peer.answers() == Words{"reset 1"});
        const std::string& last = peer.told.back();
        CHECK((last == "reset 1" || last.starts_with("malformed 1")));
        CHECK(peer.connection.may_send(1) == 0);
        peer.connection.done(1);
        peer.told.clear();
        peer.say(headers(3, kWhole | kEnds));
        CHECK(peer.told == Words{"head 3 end"});
    }
}

TEST_CASE("what is wrong with a frame in its place ends the connection") {
    struct Row {
        const char* what;
        std::string octets;
        ErrorCode code;
    };
    const std::string whole = headers(1, kWhole | kEnds);
    const Row rows[] = {
        {"an even lane", headers(2, kWhole), ErrorCode::protocol_error},
        {"a lane below the last", headers(5, kWhole | kEnds) + headers(3, kWhole), ErrorCode::stream_closed},
        {"a head behind its end", whole + headers(1, kWhole | kEnds), ErrorCode::stream_closed},
        {"a body behind its end", whole + data(1, "x"), ErrorCode::stream_closed},
        {"a body without a head", data(1, "x"), ErrorCode::protocol_error},
        {"a frame between a head", frame(FrameType::headers, 0, 1, block(request())) + ping(),
         ErrorCode::protocol_error},
        {"another lane between a head", frame(FrameType::headers, 0, 1, "") + headers(3, kWhole),
         ErrorCode::protocol_error},
        {"a continuation of nothing", frame(FrameType::continuation, kWhole, 1, ""), ErrorCode::protocol_error},
        {"a continuation of another",
         frame(FrameType::headers, 0, 1, "") + frame(FrameType::continuation, kWhole, 3, ""),
         ErrorCode::protocol_error},
        {"a push", frame(FrameType::push_promise, kWhole, 1, number(2)), ErrorCode::protocol_error},
        {"a reset of nothing", reset(1), ErrorCode::protocol_error},
        {"credit for nothing", update(1, 1), ErrorCode::protocol_error},
        {"no credit", update(0, 0), ErrorCode::protocol_error},
        {"no credit for a lane", whole + update(1, 0), ErrorCode::protocol_error},
        {"too much credit", update(0, 0x7fffffff), ErrorCode::flow_control_error},
        {"too much credit for a lane", whole + update(1, 0x7fffffff), ErrorCode::flow_control_error},
        {"a window that overflows by a setting", whole + update(1, 0x7fffffff - 65'535) + initial_window(70'000),
         ErrorCode::flow_control_error},
        {"a lane that depends on itself", whole + frame(FrameType::priority, 0, 3, number(3) + "x"),
         ErrorCode::protocol_error},
        {"a table that is not there", frame(FrameType::headers, kWhole, 1, "\xff\xff\xff\xff\x0f"),
         ErrorCode::compression_error},
        {"a block that is cut", frame(FrameType::headers, kWhole, 1, block(request()).substr(0, 3)),
         ErrorCode::compression_error},
        {"a setting out of range", frame(FrameType::settings, 0, 0, std::string("\0\2", 2) + number(2)),
         ErrorCode::protocol_error},
        {"a frame too long", frame(FrameType::data, 0, 1, std::string(16'385, 'x')), ErrorCode::frame_size_error},
        {"HTTP/1", "GET / HTTP/1.1\r\n\r\n", ErrorCode::frame_size_error},
    };
    for (const Row& row : rows) {
        CAPTURE(row.what);
        Peer peer;
        peer.say(row.octets);
        REQUIRE(peer.connection.ended());
        CHECK(*peer.connection.ended() == row.code);
        CHECK(peer.answers().back() == "goaway 0");
        const std::size_t told = peer.told.size();
        peer.say(headers(9, kWhole | kEnds));
        CHECK(peer.told.size() == told);
    }
    Peer early(false);
    early.say(std::string(http2::kPreface) + ping());
    CHECK(early.connection.ended() == ErrorCode::protocol_error);
    Peer other(false);
    other.say("GET / HTTP/1.1\r\n");
    CHECK(other.connection.ended() == ErrorCode::protocol_error);
}

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

TEST_CASE("what comes late for a lane is no misdeed: octets of one that we have reset, credit, a reset") {
    Peer peer;
    peer.say(headers(1, kWhole) + headers(3, kWhole | kEnds));
    peer.connection.sent_head(1, true);  // answered before its body has come
    peer.connection.reset(1, ErrorCode::no_error);
    for (int i = 0; i < 300; ++i) peer.say(data(1, "x"));
    peer.connection.done(1);
    peer.connection.sent_head(3, true);
    peer.connection.done(3);
    for (int i = 0; i < 300; ++i) peer.say(data(1, "x"));
    for (int i = 0; i < 50; ++i) peer.say(update(3, 10) + reset(3));
    CHECK_FALSE(peer.connection.ended());
    CHECK(peer.told == Words{"head 1", "head 3 end"});
    // But a body for one that had ended by itself is the end.
    peer.say(data(3, "x"));
    CHECK(peer.connection.ended() == ErrorCode::stream_closed);
}

TEST_CASE("an end in order is acknowledged once, and what nobody asked for is a misdeed") {
    Peer peer;
    const std::string ack = frame(FrameType::ping, http2::kAck, 0, "12345678");
    peer.connection.begin_end();
    peer.connection.begin_end();
    CHECK(peer.answers() == Words{"goaway 0", "ping 0"});
    CHECK_FALSE(peer.connection.end_acknowledged());
    peer.say(ack);
    CHECK(peer.connection.end_acknowledged());
    for (int i = 0; i < 101; ++i) peer.say(ack);
    CHECK(peer.connection.ended() == ErrorCode::enhance_your_calm);
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
