#include "proxy/http2/connection.h"

#include "tests/unit/proxy/http2/connection_peer.h"

using namespace switchyard;
using namespace switchyard::test::http2_peer;

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
