// The limits of a connection, one row each: as much as is allowed holds, and one more is what the limit says.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/http2/connection.h"
#include "proxy/http2/header_encoder.h"
#include "proxy/http2/outward_connection.h"

using namespace switchyard;
using http2::Connection;
using http2::ErrorCode;
using http2::FrameType;
using http2::OutwardConnection;

namespace {
namespace limits {

using Pairs = std::vector<std::pair<std::string, std::string>>;

constexpr std::uint8_t kEnds = http2::kEndStream, kWhole = http2::kEndHeaders;

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
    std::vector<char> room(200'000);
    http2::HeaderEncoder encoder(room, false);
    for (const auto& [name, value] : fields) REQUIRE(encoder.add(name, value));
    return {room.data(), encoder.size()};
}
// As it is, in the given number of octets; with Huffman a block would decode to more than it has.
std::string plain(std::size_t octets) {
    std::string out;
    constexpr std::size_t kHead = 5;  // what follows, the name's length, the name, and two of the value's length
    while (octets > 0) {
        REQUIRE(octets > kHead);
        // A value's length in two octets is one of 127 to 254; what is left over must do for another field.
        const std::size_t value = std::min<std::size_t>(octets - kHead, octets > 500 ? 200 : 254);
        if (value < 127) {  // a length in one octet
            out.append({'\0', 1, 'v', static_cast<char>(octets - 4)}).append(octets - 4, 'v');
            return out;
        }
        out.append({'\0', 1, 'v', 0x7f, static_cast<char>(value - 127)}).append(value, 'v');
        octets -= kHead + value;
    }
    return out;
}
// A block that decodes to so many octets: a large field that the table keeps, named again and again.
std::string swollen(const Pairs& head, std::size_t octets) {
    constexpr std::size_t kEach = 1'024, kName = 1;
    std::string out = block(head);
    for (const auto& [name, value] : head) octets -= name.size() + value.size();
    const auto literal = [&](char kind, std::size_t size) {
        out += kind;
        out.append({1, 'v', 0x7f});
        std::size_t rest = size - kName - 0x7f;
        for (; rest >= 0x80; rest >>= 7) out += static_cast<char>(0x80 | (rest & 0x7f));
        out += static_cast<char>(rest);
        out.append(size - kName, 'v');
    };
    literal(0x40, kEach);
    octets -= kEach;
    for (; octets >= 2 * kEach; octets -= kEach) out += static_cast<char>(0x80 | 62);
    literal(0x00, octets);
    return out;
}
// HEADERS and CONTINUATIONs.
std::string spread(std::uint32_t lane, std::string_view all, std::uint8_t flags) {
    std::string out;
    for (std::size_t at = 0; at < all.size(); at += http2::kMaxPayload) {
        const bool last = at + http2::kMaxPayload >= all.size();
        out += frame(at == 0 ? FrameType::headers : FrameType::continuation,
                     static_cast<std::uint8_t>((at == 0 ? flags : 0) | (last ? kWhole : 0)), lane,
                     all.substr(at, http2::kMaxPayload));
    }
    return out;
}
std::string data(std::uint32_t lane, std::size_t octets, std::uint8_t flags = 0) {
    return frame(FrameType::data, flags, lane, std::string(octets, 'x'));
}
std::string reset(std::uint32_t lane) {
    return frame(FrameType::rst_stream, 0, lane, number(static_cast<std::uint32_t>(ErrorCode::cancel)));
}
std::string update(std::uint32_t stream, std::uint32_t increment) {
    return frame(FrameType::window_update, 0, stream, number(increment));
}
std::string setting(std::uint16_t id, std::uint32_t value) {
    return frame(FrameType::settings, 0, 0, number(id).substr(2) + number(value));
}
std::string entries(std::size_t count) {
    std::string all;
    for (std::size_t i = 0; i < count; ++i) all += number(0xfefe).substr(2) + number(1);  // an id of no RFC
    return frame(FrameType::settings, 0, 0, all);
}
std::string ping() {
    return frame(FrameType::ping, 0, 0, "12345678");
}
std::string unknown() {
    return frame(static_cast<FrameType>(0xbe), 0, 0, "x");
}
const std::string kSettings = frame(FrameType::settings, 0, 0, "");
const std::string kSettingsAck = frame(FrameType::settings, http2::kAck, 0, "");
const std::string kPingAck = frame(FrameType::ping, http2::kAck, 0, "12345678");

// What has become of it in a word: "ends N" with a code, "resets N" of the last lane that was, "refused" with an
// answer, "holds".
std::string standing(std::optional<ErrorCode> ended, std::string_view control, bool refused) {
    const auto code = [](std::uint32_t number) { return std::to_string(number); };
    if (ended) return "ends " + code(static_cast<std::uint32_t>(*ended));
    std::string word = refused ? "refused" : "holds";
    while (!control.empty()) {
        const http2::FrameHead head = http2::read_frame_head(control.data());
        if (head.is(FrameType::rst_stream))
            word = "resets " + code(http2::read_u32(control.data() + http2::kFrameHeadSize));
        control.remove_prefix(http2::kFrameHeadSize + head.length);
    }
    return word;
}
std::string ends(ErrorCode code) {
    return "ends " + std::to_string(static_cast<std::uint32_t>(code));
}
std::string resets(ErrorCode code) {
    return "resets " + std::to_string(static_cast<std::uint32_t>(code));
}

// A client of ours.
struct Client final : Connection::Events {
    Connection connection;
    std::array<char, http::kMaxHead> text{};
    http::Head parsed;
    std::int64_t now = 1'000;
    std::uint32_t next = 1;  // lane
    bool refused = false;
    std::size_t news = 0;  // that it may send

    explicit Client(bool acknowledges = true) {
        say(std::string(http2::kPreface) + kSettings + (acknowledges ? kSettingsAck : ""));
        REQUIRE_FALSE(connection.ended());
    }
    void say(const std::string& octets) {
        connection.control().sent(connection.control_waits().size());
        connection.feed(octets, now, *this);
    }
    static Pairs request(const Pairs& more = {}) {
        Pairs fields{{":method", "POST"}, {":scheme", "https"}, {":authority", "a.example"}, {":path", "/"}};
        fields.insert(fields.end(), more.begin(), more.end());
        return fields;
    }
    std::uint32_t ask(const Pairs& more = {}, bool end = false) { return ask_with(block(request(more)), end); }
    std::uint32_t ask_with(const std::string& encoded, bool end = false) {
        say(spread(next, encoded, end ? kEnds : std::uint8_t{0}));
        return std::exchange(next, next + 2);
    }
    std::string standing() {
        return limits::standing(connection.ended(), connection.control_waits(), std::exchange(refused, false));
    }

    Connection::HeadRoom room_for_head(std::uint32_t) override { return {text, &parsed}; }
    void head(std::uint32_t, const http2::RequestHead&, http2::RequestHead::Verdict verdict, bool) override {
        refused = verdict == http2::RequestHead::Verdict::too_large;
    }
    void data(std::uint32_t, std::string_view, bool) override {}
    void trailer(std::uint32_t, std::string_view, std::string_view) override {}
    void reset(std::uint32_t, ErrorCode) override {}
    void writable(std::uint32_t) override { ++news; }
};

// An endpoint of ours.
struct Asked final : OutwardConnection::Events {
    OutwardConnection connection;
    std::array<char, http::kMaxHead> text{};
    http::Head parsed;
    std::int64_t now = 1'000;
    std::size_t news = 0;

    explicit Asked(bool begins = true) {
        if (begins) say(kSettings + kSettingsAck);
    }
    void say(const std::string& octets) {
        connection.control().sent(connection.control_waits().size());
        connection.feed(octets, now, *this);
    }
    std::uint32_t ask(bool end = true) {
        const std::uint32_t lane = connection.next_lane();
        connection.open(end, false);
        return lane;
    }
    void answer(std::uint32_t lane, const Pairs& more = {}) {
        Pairs fields{{":status", "200"}};
        fields.insert(fields.end(), more.begin(), more.end());
        say(spread(lane, block(fields), 0));
    }
    std::string standing() { return limits::standing(connection.ended(), connection.control_waits(), false); }

    OutwardConnection::HeadRoom room_for_head() override { return {text, &parsed}; }
    void head(std::uint32_t, std::string_view, const http::Head&, bool) override {}
    void data(std::uint32_t, std::string_view, bool) override {}
    void trailer(std::uint32_t, std::string_view, std::string_view) override {}
    void reset(std::uint32_t, ErrorCode, bool, const char*) override {}
    void writable(std::uint32_t) override { ++news; }
};

// So much of it holds; with one more it stands as `beyond` says.
template <typename Peer>
struct Limit {
    const char* what;
    std::size_t holds;
    std::function<void(Peer&, std::size_t)> bring;
    std::string beyond;
    std::string within = "holds";
};
template <typename Peer>
void check(const std::vector<Limit<Peer>>& rows) {
    for (const auto& row : rows) {
        CAPTURE(row.what);
        Peer within;
        row.bring(within, row.holds);
        CHECK(within.standing() == row.within);
        Peer beyond;
        row.bring(beyond, row.holds + 1);
        CHECK(beyond.standing() == row.beyond);
    }
}

// So often.
template <typename Peer>
std::function<void(Peer&, std::size_t)> said(const std::string& octets) {
    return [octets](Peer& peer, std::size_t times) {
        for (; times > 0; --times) peer.say(octets);
    };
}

constexpr std::size_t kNonsense = 100, kPeerResets = 1'000;  // what kNonsense and kPeerResets of misdeeds.h begin with
const std::string kCalm = ends(ErrorCode::enhance_your_calm);

TEST_CASE("limits of a client's connection: lanes, windows, heads and frames") {
    const auto lanes = [](Client& client, std::size_t count) {
        for (; count > 0; --count) client.ask();
    };
    const auto head_of = [](Client& client, std::size_t octets) {
        Client other;
        other.ask({{"x", ""}});
        client.ask({{"x", std::string(octets - other.parsed.size, 'v')}});
    };
    check<Client>({
        {"kMaxLanes", http2::kMaxLanes, lanes, resets(ErrorCode::refused_stream)},
        {"kLaneWindow", http2::kLaneWindow,
         [](Client& client, std::size_t octets) {
             const std::uint32_t lane = client.ask();
             for (; octets > 0; octets -= std::min<std::size_t>(octets, http2::kMaxPayload))
                 client.say(data(lane, std::min<std::size_t>(octets, http2::kMaxPayload)));
         },
         ends(ErrorCode::flow_control_error)},
        {"kConnectionWindow", http2::kConnectionWindow,
         [](Client& client, std::size_t octets) {
             for (std::size_t left = 0; octets > 0; octets -= std::min<std::size_t>(octets, http2::kMaxPayload)) {
                 if (left < http2::kMaxPayload) {
                     client.ask();
                     left = http2::kLaneWindow;
                 }
                 client.say(data(client.next - 2, std::min<std::size_t>(octets, http2::kMaxPayload)));
                 left -= http2::kMaxPayload;
             }
         },
         ends(ErrorCode::flow_control_error)},
        {"kMaxHead", http::kMaxHead, head_of, "refused"},
        {"kMaxFields", http::kMaxFields,
         [](Client& client, std::size_t fields) {
             client.ask(Pairs(fields - 1, {"x", "v"}));  // beside the host
         },
         "refused"},
        {"kMaxContinuations", http2::kMaxContinuations,
         [](Client& client, std::size_t frames) {
             client.say(frame(FrameType::headers, 0, 1, ""));
             for (; frames > 0; --frames) client.say(frame(FrameType::continuation, 0, 1, ""));
         },
         kCalm},
        {"kMaxPayload", http2::kMaxPayload,
         [](Client& client, std::size_t octets) { client.say(data(client.ask(), octets)); },
         ends(ErrorCode::frame_size_error)},
        {"kMaxSettings", http2::kMaxSettings, [](Client& client, std::size_t count) { client.say(entries(count)); },
         kCalm},
        {"kMaxWindow of the connection", http2::kMaxWindow,
         [](Client& client, std::size_t octets) {
             client.say(update(0, static_cast<std::uint32_t>(octets - http2::kDefaultWindow)));
         },
         ends(ErrorCode::flow_control_error)},
        {"kMaxWindow of a lane", http2::kMaxWindow,
         [](Client& client, std::size_t octets) {
             client.say(update(client.ask(), static_cast<std::uint32_t>(octets - http2::kDefaultWindow)));
         },
         ends(ErrorCode::flow_control_error)},
        {"kMaxWindow, from which lanes begin", http2::kMaxWindow,
         [](Client& client, std::size_t octets) { client.say(setting(4, static_cast<std::uint32_t>(octets))); },
         ends(ErrorCode::flow_control_error)},
        // What is encoded, and what that decodes to, may be beyond a head; it is refused in words then.
        {"kMaxEncoded", http2::kMaxEncoded,
         [](Client& client, std::size_t octets) {
             const std::string head = block(Client::request());
             client.ask_with(head + plain(octets - head.size()));
         },
         kCalm, "refused"},
        {"kMaxDecoded", http2::kMaxDecoded,
         [](Client& client, std::size_t octets) { client.ask_with(swollen(Client::request(), octets)); }, kCalm,
         "refused"},
        {"kRememberedResets", http2::kRememberedResets,
         [](Client& client, std::size_t count) {
             const std::uint32_t first = client.next;
             for (; count > 0; --count) {
                 const std::uint32_t lane = client.ask();
                 client.connection.reset(lane, ErrorCode::internal_error);
                 client.connection.done(lane);
             }
             client.say(data(first, 1));  // it was on its way
         },
         ends(ErrorCode::stream_closed)},
    });

    // Who has not acknowledged our settings cannot know of the limit; it holds all the same.
    Client early(false);
    lanes(early, http2::kMaxLanes);
    CHECK(early.standing() == "holds");
    early.ask();
    CHECK(early.standing() == resets(ErrorCode::refused_stream));
}

TEST_CASE("limits of a client's nonsense: each kind of it takes a token, and there is none left for one more") {
    check<Client>({
        {"PRIORITY", kNonsense, said<Client>(frame(FrameType::priority, 0, 1, number(0) + "x")), kCalm},
        {"frames that we do not know", kNonsense, said<Client>(unknown()), kCalm},
        {"SETTINGS beyond kFreeSettings; the first came at the beginning", http2::kFreeSettings - 1 + kNonsense,
         said<Client>(kSettings), kCalm},
        {"acknowledged SETTINGS that were not sent", kNonsense, said<Client>(kSettingsAck), kCalm},
        {"acknowledged PINGs that were not sent", kNonsense, said<Client>(kPingAck), kCalm},
        {"PINGs; the first is free", 1 + kNonsense, said<Client>(ping()), kCalm},
        {"WINDOW_UPDATEs beyond kFreeUpdates", http2::kFreeUpdates + kNonsense, said<Client>(update(0, 1)), kCalm},
        {"WINDOW_UPDATEs beyond kUpdatesPerData, too", http2::kFreeUpdates + http2::kUpdatesPerData + kNonsense,
         [](Client& client, std::size_t count) {
             const std::uint32_t lane = client.ask();
             client.connection.sent_data(lane, 1, false, false, client.now);
             said<Client>(update(lane, 1))(client, count);
         },
         kCalm},
        {"empty DATA", kNonsense,
         [](Client& client, std::size_t count) { said<Client>(data(client.ask(), 0))(client, count); }, kCalm},
        {"messages that are malformed", kNonsense,
         [](Client& client, std::size_t count) {
             for (; count > 0; --count) client.connection.done(client.ask({{"connection", "x"}}));
             client.say("");
         },
         kCalm},
        {"bodies that are not as long as they were said to be", kNonsense,
         [](Client& client, std::size_t count) {
             for (; count > 0; --count) {
                 const std::uint32_t lane = client.ask({{"content-length", "2"}});
                 client.say(data(lane, 1, kEnds));
                 client.connection.done(lane);
             }
             client.say("");
         },
         kCalm},
        {"lanes beyond kMaxLanes", kNonsense,
         [](Client& client, std::size_t count) {
             for (std::size_t i = 0; i < http2::kMaxLanes + count; ++i) client.ask();
             client.say("");
         },
         kCalm},
        {"heads for lanes that we have reset, and trailers", kNonsense,
         [](Client& client, std::size_t count) {
             const std::uint32_t gone = client.ask();
             client.connection.reset(gone, ErrorCode::internal_error);
             for (std::size_t i = 0; i < count / 2; ++i) client.say(spread(gone, block({{"a", "b"}}), 0));
             client.connection.done(gone);
             for (std::size_t i = count / 2; i < count; ++i) client.say(spread(gone, block({{"a", "b"}}), 0));
         },
         kCalm},
        {"DATA that its window made smaller than kDribble", kNonsense,
         [](Client& client, std::size_t count) {
             client.say(setting(4, 0));
             const std::uint32_t lane = client.ask({}, true);
             for (; count > 0; --count) {
                 client.say(update(lane, http2::kDribble - 1));
                 client.connection.sent_data(lane, http2::kDribble - 1, false, true, client.now);
             }
         },
         kCalm},
        {"lanes that the peer resets (kPeerResets)", kPeerResets,
         [](Client& client, std::size_t count) {
             for (; count > 0; --count) {
                 const std::uint32_t lane = client.ask();
                 client.say(reset(lane));
                 client.connection.done(lane);
             }
         },
         kCalm},
        {"resets of lanes that are over", kPeerResets,
         [](Client& client, std::size_t count) {
             const std::uint32_t lane = client.ask({}, true);
             client.connection.sent_head(lane, true);
             client.connection.done(lane);
             said<Client>(reset(lane))(client, count);
         },
         kCalm},
    });

    // A window that opened by kDribble is an honest one.
    Client honest;
    honest.say(setting(4, 0));
    const std::uint32_t lane = honest.ask({}, true);
    for (std::size_t i = 0; i < 10 * kNonsense; ++i) {
        honest.say(update(lane, http2::kDribble));
        honest.connection.sent_data(lane, http2::kDribble, false, true, honest.now);
    }
    CHECK(honest.standing() == "holds");

    // Tokens come back: ten a second, and thirty-three for resets.
    Client later;
    said<Client>(unknown())(later, kNonsense);
    later.now += 100;
    later.say(unknown());
    CHECK(later.standing() == "holds");
    later.say(unknown());
    CHECK(later.standing() == kCalm);
    Client leaver;
    const std::uint32_t over = leaver.ask({}, true);
    leaver.connection.sent_head(over, true);
    leaver.connection.done(over);
    said<Client>(reset(over))(leaver, kPeerResets);
    leaver.now += 1'000;
    said<Client>(reset(over))(leaver, 33);
    CHECK(leaver.standing() == "holds");
    leaver.say(reset(over));
    CHECK(leaver.standing() == kCalm);
}

TEST_CASE("limits of an endpoint's connection: lanes, windows, heads and frames") {
    const std::string malformed = resets(ErrorCode::protocol_error);
    check<Asked>({
        {"kLaneWindow", http2::kLaneWindow,
         [](Asked& asked, std::size_t octets) {
             const std::uint32_t lane = asked.ask();
             asked.answer(lane);
             for (; octets > 0; octets -= std::min<std::size_t>(octets, http2::kMaxPayload))
                 asked.say(data(lane, std::min<std::size_t>(octets, http2::kMaxPayload)));
         },
         ends(ErrorCode::flow_control_error)},
        {"kMaxHead", http::kMaxHead,
         [](Asked& asked, std::size_t octets) {
             asked.answer(asked.ask(), {{"x", std::string(octets - 5, 'v')}});
         },
         malformed},
        {"kMaxFields", http::kMaxFields,
         [](Asked& asked, std::size_t fields) {
             asked.answer(asked.ask(), Pairs(fields, {"x", "v"}));
         },
         malformed},
        // Beyond a head, and within these, it is an answer that is none.
        {"kMaxEncoded", http2::kMaxEncoded,
         [](Asked& asked, std::size_t octets) {
             const std::string head = block({{":status", "200"}});
             asked.say(spread(asked.ask(), head + plain(octets - head.size()), 0));
         },
         kCalm, malformed},
        {"kMaxDecoded", http2::kMaxDecoded,
         [](Asked& asked, std::size_t octets) {
             asked.say(spread(asked.ask(), swollen({{":status", "200"}}, octets), 0));
         },
         kCalm, malformed},
        {"kMaxContinuations", http2::kMaxContinuations,
         [](Asked& asked, std::size_t frames) {
             asked.say(frame(FrameType::headers, 0, asked.ask(), ""));
             for (; frames > 0; --frames) asked.say(frame(FrameType::continuation, 0, 1, ""));
         },
         kCalm},
        {"kMaxPayload", http2::kMaxPayload,
         [](Asked& asked, std::size_t octets) {
             const std::uint32_t lane = asked.ask();
             asked.answer(lane);
             asked.say(data(lane, octets));
         },
         ends(ErrorCode::frame_size_error)},
        {"kMaxSettings", http2::kMaxSettings, [](Asked& asked, std::size_t count) { asked.say(entries(count)); },
         kCalm},
        {"kMaxWindow of the connection", http2::kMaxWindow,
         [](Asked& asked, std::size_t octets) {
             asked.say(update(0, static_cast<std::uint32_t>(octets - http2::kDefaultWindow)));
         },
         ends(ErrorCode::flow_control_error)},
        {"kMaxWindow of a lane", http2::kMaxWindow,
         [](Asked& asked, std::size_t octets) {
             asked.say(update(asked.ask(false), static_cast<std::uint32_t>(octets - http2::kDefaultWindow)));
         },
         ends(ErrorCode::flow_control_error)},
        {"kMaxWindow, from which lanes begin", http2::kMaxWindow,
         [](Asked& asked, std::size_t octets) { asked.say(setting(4, static_cast<std::uint32_t>(octets))); },
         ends(ErrorCode::flow_control_error)},
    });

    // Lanes are ours to open: so many before the peer has said how many it takes, then as many as it says, up to a
    // most.
    CHECK(Asked(false).connection.limit() == http2::kFirstOutwardLanes);
    for (const std::size_t allowed : {std::size_t{0}, http2::kMostOutwardLanes, http2::kMostOutwardLanes + 1}) {
        Asked asked;
        asked.say(setting(3, static_cast<std::uint32_t>(allowed)));
        CHECK(asked.connection.limit() == std::min(allowed, http2::kMostOutwardLanes));
    }
}

TEST_CASE("limits of an endpoint's nonsense: each kind of it takes a token, and there is none left for one more") {
    check<Asked>({
        {"PRIORITY", kNonsense, said<Asked>(frame(FrameType::priority, 0, 1, number(0) + "x")), kCalm},
        {"frames that we do not know", kNonsense, said<Asked>(unknown()), kCalm},
        {"SETTINGS beyond kFreeSettings; the first came at the beginning", http2::kFreeSettings - 1 + kNonsense,
         said<Asked>(kSettings), kCalm},
        {"acknowledged SETTINGS that were not sent", kNonsense, said<Asked>(kSettingsAck), kCalm},
        {"acknowledged PINGs: we send none", kNonsense, said<Asked>(kPingAck), kCalm},
        {"PINGs; the first is free", 1 + kNonsense, said<Asked>(ping()), kCalm},
        {"empty DATA", kNonsense,
         [](Asked& asked, std::size_t count) {
             const std::uint32_t lane = asked.ask();
             asked.answer(lane);
             said<Asked>(data(lane, 0))(asked, count);
         },
         kCalm},
    });
}

TEST_CASE("limits of what waits: a window is news below kSmallWindow, and nothing is read above kMost") {
    for (const std::uint32_t left : {std::uint32_t{http2::kSmallWindow} - 1, std::uint32_t{http2::kSmallWindow}}) {
        CAPTURE(left);
        Client client;
        client.say(setting(4, left));
        const std::uint32_t lane = client.ask({}, true);
        client.news = 0;
        client.say(update(lane, 1));
        CHECK(client.news == (left < http2::kSmallWindow ? 1U : 0U));
        Asked asked;
        asked.say(setting(4, left));
        const std::uint32_t other = asked.ask(false);
        asked.news = 0;
        asked.say(update(other, 1));
        CHECK(asked.news == (left < http2::kSmallWindow ? 1U : 0U));
    }

    // Octets of whole frames: an acknowledged SETTINGS has nine, a PING has seventeen.
    const auto waiting = [](std::size_t pings, std::size_t acks) {
        http2::ControlFrames control;
        for (; pings > 0; --pings) control.ping("12345678", true);
        for (; acks > 0; --acks) control.settings_ack();
        return std::pair{control.waiting().size(), control.too_many()};
    };
    CHECK(waiting(7, 897) == std::pair{http2::ControlFrames::kMost, false});
    CHECK(waiting(6, 899) == std::pair{http2::ControlFrames::kMost + 1, true});
}

}  // namespace limits
}  // namespace
