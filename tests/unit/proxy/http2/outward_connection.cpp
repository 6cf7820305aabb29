#include "proxy/http2/outward_connection.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "proxy/http2/connection.h"
#include "proxy/http2/header_encoder.h"
#include "proxy/http2/request_block.h"

using namespace switchyard;
using http2::ErrorCode;
using http2::FrameType;
using http2::OutwardConnection;

namespace {
namespace outward {

using Pairs = std::vector<std::pair<std::string, std::string>>;
using Words = std::vector<std::string>;

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
Pairs answer(const std::string& status, Pairs more = {}) {
    Pairs all{{":status", status}};
    all.insert(all.end(), more.begin(), more.end());
    return all;
}
constexpr std::uint8_t kEnd = http2::kEndStream, kWhole = http2::kEndHeaders;

std::string headers(std::uint32_t lane, std::uint8_t flags, const Pairs& fields) {
    return frame(FrameType::headers, flags, lane, block(fields));
}
std::string data(std::uint32_t lane, std::string_view octets, std::uint8_t flags = 0) {
    return frame(FrameType::data, flags, lane, octets);
}
std::string reset(std::uint32_t lane, ErrorCode code) {
    return frame(FrameType::rst_stream, 0, lane, number(static_cast<std::uint32_t>(code)));
}
std::string goaway(std::uint32_t last, ErrorCode code = ErrorCode::no_error) {
    return frame(FrameType::goaway, 0, 0, number(last) + number(static_cast<std::uint32_t>(code)));
}
std::string setting(char id, std::uint32_t value) {
    return frame(FrameType::settings, 0, 0, std::string({'\0', id}) + number(value));
}
std::string update(std::uint32_t stream, std::uint32_t increment) {
    return frame(FrameType::window_update, 0, stream, number(increment));
}
const std::string kSettings = frame(FrameType::settings, 0, 0, "");

// Whom we ask, and what we were told: "head 1 200", "data 1 abc end", …
struct Asked final : OutwardConnection::Events {
    OutwardConnection connection;
    Words told;
    std::array<char, http::kMaxHead> text{};
    http::Head parsed;

    explicit Asked(const std::string& settings = kSettings) {
        say(settings);
        answers();
    }
    void say(std::string_view octets) { CHECK(connection.feed(octets, 1'000, *this) <= octets.size()); }
    std::uint32_t ask(bool end = true, bool bodiless = false) {
        const auto id = connection.next_lane();
        connection.open(end, bodiless);
        return id;
    }
    Words news() { return std::exchange(told, {}); }

    OutwardConnection::HeadRoom room_for_head() override { return {text, &parsed}; }
    void head(std::uint32_t lane, std::string_view, const http::Head& head, bool end) override {
        told.push_back("head " + std::to_string(lane) + " " + std::to_string(head.status) + (end ? " end" : ""));
    }
    void data(std::uint32_t lane, std::string_view octets, bool end) override {
        told.push_back("data " + std::to_string(lane) + " " + std::string(octets.substr(0, 20)) + (end ? " end" : ""));
    }
    void trailer(std::uint32_t lane, std::string_view name, std::string_view value) override {
        told.push_back("trailer " + std::to_string(lane) + " " + std::string(name) + "=" + std::string(value));
    }
    void reset(std::uint32_t lane, ErrorCode, bool unserved, const char* why) override {
        told.push_back((unserved ? "unserved " : why != nullptr ? "malformed " : "reset ") + std::to_string(lane));
    }
    void writable(std::uint32_t lane) override { told.push_back("writable " + std::to_string(lane)); }

    Words answers() {
        static const char* const kNames[] = {"data",         "headers", "priority", "reset",         "settings",
                                             "push_promise", "ping",    "goaway",   "window_update", "continuation"};
        std::string_view rest = connection.control_waits();
        Words all;
        while (!rest.empty()) {
            const http2::FrameHead head = http2::read_frame_head(rest.data());
            all.push_back(std::string(kNames[head.type]) + " " + std::to_string(head.stream) +
                          (head.has(http2::kAck) ? " ack" : ""));
            rest.remove_prefix(http2::kFrameHeadSize + head.length);
        }
        connection.control().sent(connection.control_waits().size());
        return all;
    }
};

TEST_CASE("the life of a connection that we have opened, from its settings to its end") {
    Asked asked("");
    CHECK(asked.connection.limit() == http2::kFirstOutwardLanes);
    asked.say(kSettings);
    CHECK(asked.connection.limit() == http2::kMostOutwardLanes);
    CHECK(asked.answers() == Words{"settings 0 ack"});
    CHECK(asked.ask() == 1);
    CHECK(asked.ask(false) == 3);
    asked.say(headers(1, kWhole, answer("103", {{"link", "</a>"}})) + headers(1, kWhole, answer("200")));
    asked.say(data(1, "abc") + data(1, "def", kEnd));
    CHECK(asked.news() == Words{"head 1 103", "head 1 200", "data 1 abc", "data 1 def end"});
    asked.connection.done(1);
    CHECK(asked.answers().empty());
    asked.connection.sent_data(3, 10, true);
    asked.say(headers(3, kWhole, answer("200")) + data(3, "x") + headers(3, kWhole | kEnd, {{"x-sum", "7"}}));
    CHECK(asked.news() == Words{"head 3 200", "data 3 x", "trailer 3 x-sum=7", "data 3  end"});
    asked.connection.done(3);
    CHECK(asked.connection.lanes() == 0);
    CHECK(asked.answers().empty());
    CHECK_FALSE(asked.connection.ended());
}

TEST_CASE("a lane that is given up is reset, and what is on its way to it is passed over") {
    Asked asked;
    asked.ask();
    asked.connection.done(1);
    CHECK(asked.answers() == Words{"reset 1"});
    asked.say(headers(1, kWhole, answer("200")) + data(1, "abc", kEnd));
    CHECK(asked.news().empty());
    CHECK_FALSE(asked.connection.ended());
    // Answered as a whole, while the request was still on its way: the rest of it is not wanted.
    asked.ask(false);
    asked.say(headers(3, kWhole | kEnd, answer("200")) + reset(3, ErrorCode::no_error));
    CHECK(asked.news() == Words{"head 3 200 end", "reset 3"});
    CHECK(asked.connection.is_reset(3));
    asked.connection.done(3);
    CHECK(asked.answers().empty());
}

TEST_CASE("who was not looked at is told so: refused, or above the last id of a GOAWAY") {
    Asked asked;
    for (int i = 0; i < 5; ++i) asked.ask();
    asked.say(reset(1, ErrorCode::refused_stream) + reset(3, ErrorCode::internal_error));
    CHECK(asked.news() == Words{"unserved 1", "reset 3"});
    asked.say(headers(5, kWhole, answer("200")));
    asked.news();
    asked.say(reset(5, ErrorCode::refused_stream));  // it has been looked at
    CHECK(asked.news() == Words{"reset 5"});
    asked.say(goaway(http2::kMaxStreamId));
    CHECK(asked.connection.limit() == 0);
    CHECK(asked.news().empty());
    asked.say(goaway(7));
    CHECK(asked.news() == Words{"unserved 9"});
    asked.say(headers(7, kWhole | kEnd, answer("204")));
    CHECK(asked.news() == Words{"head 7 204 end"});
    CHECK_FALSE(asked.connection.ended());
}

TEST_CASE("a client that takes nothing holds up its own lane alone") {
    Asked asked;
    const std::string piece(16'000, 'x');
    for (unsigned i = 0; i < http2::kMostOutwardLanes; ++i) asked.ask();
    asked.answers();
    // All but one stand still with their windows full; the last one goes on and on.
    for (std::uint32_t lane = 1; lane < 2 * http2::kMostOutwardLanes - 1; lane += 2) {
        asked.say(headers(lane, kWhole, answer("200")));
        for (int i = 0; i < 4; ++i) asked.say(data(lane, piece));
    }
    const std::uint32_t last = 2 * http2::kMostOutwardLanes - 1;
    asked.say(headers(last, kWhole, answer("200")));
    for (int i = 0; i < 1'000; ++i) {
        asked.say(data(last, piece));
        asked.connection.taken(last, 16'000);
    }
    CHECK_FALSE(asked.connection.ended());
    // One octet beyond its own window, and it is none of ours any more.
    asked.say(data(1, std::string(1'536, 'x')));
    CHECK(asked.connection.ended() == ErrorCode::flow_control_error);
}

TEST_CASE("what an endpoint may not say ends the answer, or the connection") {
    struct Row {
        const char* what;
        std::string said;
        Words told;
        bool ends;
    };
    const std::string head = headers(1, kWhole, answer("200"));
    const Row rows[] = {
        {"no status", headers(1, kWhole, {{"a", "b"}}), {"malformed 1"}, false},
        {"101", headers(1, kWhole, answer("101")), {"malformed 1"}, false},
        {"a field of the connection", headers(1, kWhole, answer("200", {{"connection", "x"}})), {"malformed 1"}, false},
        {"two lengths",
         headers(1, kWhole, answer("200", {{"content-length", "1"}, {"content-length", "1"}})),
         {"malformed 1"},
         false},
        {"an interim answer that ends", headers(1, kWhole | kEnd, answer("103")), {"malformed 1"}, false},
        {"a body before the head", data(1, "abc"), {"malformed 1"}, false},
        {"a long body",
         headers(1, kWhole, answer("200", {{"content-length", "2"}})) + data(1, "abc"),
         {"head 1 200", "malformed 1"},
         false},
        {"a short body",
         headers(1, kWhole, answer("200", {{"content-length", "4"}})) + data(1, "abc", kEnd),
         {"head 1 200", "malformed 1"},
         false},
        {"a body with 204", headers(1, kWhole, answer("204")) + data(1, "a"), {"head 1 204", "malformed 1"}, false},
        {"a second head", head + head, {"head 1 200", "malformed 1"}, false},
        {"a pseudo field in trailers",
         head + headers(1, kWhole | kEnd, answer("200")),
         {"head 1 200", "malformed 1"},
         false},
        {"behind its end", headers(1, kWhole | kEnd, answer("200")) + data(1, "a"), {"head 1 200 end"}, true},
        {"a lane that was never opened", data(9, "a"), {}, true},
        {"a lane of its own", headers(2, kWhole, answer("200")), {}, true},
        {"a push", frame(FrameType::push_promise, kWhole, 1, number(2) + block(answer("200"))), {}, true},
        {"push enabled", setting(2, 1), {}, true},
        {"a window of 2^31", setting(4, 0x80000000U), {}, true},
        {"a header block that is none", frame(FrameType::headers, kWhole, 1, "\xff\xff\xff\xff\xff"), {}, true},
        {"a block within a block", frame(FrameType::headers, 0, 1, block(answer("200"))) + data(1, "a"), {}, true},
        {"credit of nothing", update(1, 0), {}, true},
        {"too much credit", update(0, 0x7fffffff), {}, true},
    };
    for (const Row& row : rows) {
        CAPTURE(row.what);
        Asked asked;
        asked.ask();
        asked.say(row.said);
        CHECK(asked.news() == row.told);
        CHECK(asked.connection.ended().has_value() == row.ends);
    }
    Asked first("");
    first.say(frame(FrameType::ping, 0, 0, "12345678"));
    CHECK(first.connection.ended() == ErrorCode::protocol_error);
}

TEST_CASE("HEAD is answered with a length and without a body") {
    Asked asked;
    asked.ask(true, true);
    asked.say(headers(1, kWhole | kEnd, answer("200", {{"content-length", "5"}})));
    CHECK(asked.news() == Words{"head 1 200 end"});
    asked.ask();
    asked.say(headers(3, kWhole | kEnd, answer("200", {{"content-length", "5"}})));
    CHECK(asked.news() == Words{"malformed 3"});
}

TEST_CASE("the peer's settings rule what we send") {
    Asked asked(setting(3, 2));
    CHECK(asked.connection.limit() == 2);
    asked.ask(false);
    CHECK(asked.connection.may_send(1) == http2::kMaxPayload);
    asked.say(setting(4, 100));
    CHECK(asked.connection.may_send(1) == 100);
    asked.connection.sent_data(1, 100, false);
    CHECK(asked.connection.may_send(1) == 0);
    asked.say(update(1, 5));
    CHECK(asked.news() == Words{"writable 1"});
    CHECK(asked.connection.may_send(1) == 5);
    asked.say(setting(3, 0));
    CHECK(asked.connection.limit() == 0);
    CHECK_FALSE(asked.connection.takes_extended_connect());
    asked.say(setting(8, 1));
    CHECK(asked.connection.takes_extended_connect());
}

TEST_CASE("nonsense has an end, the pings of a measuring server have none") {
    Asked asked;
    asked.ask();
    asked.say(headers(1, kWhole, answer("200")));
    const std::string ping = frame(FrameType::ping, 0, 0, "12345678");
    for (int i = 0; i < 500; ++i) asked.say(data(1, "a") + ping);
    CHECK_FALSE(asked.connection.ended());
    for (int i = 0; i < 110; ++i) asked.say(data(1, ""));
    CHECK(asked.connection.ended() == ErrorCode::enhance_your_calm);
}

TEST_CASE("any octets at all: never more said than heard, never beyond a window, the same in whatever pieces") {
    for (unsigned seed = 1; seed <= 300; ++seed) {
        CAPTURE(seed);
        std::mt19937 random(seed);
        const auto dice = [&](std::size_t below) { return static_cast<std::size_t>(random()) % below; };
        std::string said;
        for (int i = 0; i < 60; ++i) {
            const auto lane = static_cast<std::uint32_t>(dice(12));
            const auto flags = static_cast<std::uint8_t>((dice(2) != 0 ? kWhole : 0) | (dice(3) == 0 ? kEnd : 0));
            switch (dice(9)) {
                case 0:
                case 1:
                    said +=
                        headers(lane, static_cast<std::uint8_t>(flags | kWhole), answer(dice(4) == 0 ? "103" : "200"));
                    break;
                case 2:
                case 3:
                    said += data(lane, std::string(dice(200), 'x'), flags);
                    break;
                case 4:
                    said += reset(lane, static_cast<ErrorCode>(dice(14)));
                    break;
                case 5:
                    said += update(lane, static_cast<std::uint32_t>(dice(1'000) + 1));
                    break;
                case 6:
                    said += dice(8) == 0 ? goaway(static_cast<std::uint32_t>(dice(12))) : setting(4, 1'000);
                    break;
                case 7:
                    said += frame(FrameType::ping, 0, 0, "12345678");
                    break;
                default:
                    said += frame(static_cast<FrameType>(dice(12)), flags, lane, std::string(dice(12), '\1'));
            }
        }
        Asked whole, pieces;
        for (Asked* asked : {&whole, &pieces})
            for (int i = 0; i < 5; ++i) asked->ask(i % 2 == 0);
        whole.say(said);
        std::string held;
        for (std::size_t at = 0; at < said.size();) {
            const std::size_t n = std::min(said.size() - at, dice(30) + 1);
            held.append(said, at, n);
            at += n;
            held.erase(0, pieces.connection.feed(held, 1'000, pieces));
        }
        CHECK(whole.told == pieces.told);
        CHECK(whole.connection.ended() == pieces.connection.ended());
        CHECK(whole.connection.lanes() == 5);
        CHECK(whole.answers() == pieces.answers());
    }
}

TEST_CASE("a request in the words of HTTP/1 becomes a header block") {
    const auto fields = [](std::string_view head, std::string_view scheme) {
        std::array<char, 4'000> room{};
        http2::HeaderEncoder block(room, false);
        REQUIRE(http2::encode_request(head, scheme, block));
        http2::HeaderDecoder decoder;
        std::string out;
        decoder.feed({room.data(), block.size()}, true, [&](std::string_view name, std::string_view value) {
            out += std::string(name) + "=" + std::string(value) + ";";
        });
        return out;
    };
    CHECK(fields("GET /a?b HTTP/1.1\r\nAccept: */*\r\nHost: a.example\r\nCookie: a=1; b=2\r\n"
                 "Connection: upgrade\r\nTransfer-Encoding: chunked\r\nTE: trailers\r\n\r\n",
                 "https") ==
          ":method=GET;:scheme=https;:authority=a.example;:path=/a?b;accept=*/*;cookie=a=1; b=2;te=trailers;");
    CHECK(fields("CONNECT b.example:443 HTTP/1.1\r\nHost: b.example:443\r\n\r\n", "http") ==
          ":method=CONNECT;:authority=b.example:443;");
    CHECK(fields("OPTIONS * HTTP/1.1\r\nX-A:\r\n\r\n", "http") == ":method=OPTIONS;:scheme=http;:path=*;x-a=;");
    std::array<char, 20> little{};
    http2::HeaderEncoder block(little, false);
    CHECK_FALSE(http2::encode_request("GET /a-long-path HTTP/1.1\r\nHost: a.example\r\n\r\n", "http", block));
}

}  // namespace outward
}  // namespace
