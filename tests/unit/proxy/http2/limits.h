// A limit of a connection and its two sides: so much of it holds, and what stands with one more. Peers that bring it to
// a client's and to an endpoint's connection, and the frames that they say.
#pragma once

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

namespace switchyard::http2::limits {

using Pairs = std::vector<std::pair<std::string, std::string>>;

inline constexpr std::uint8_t kEnds = http2::kEndStream, kWhole = http2::kEndHeaders;

inline std::string frame(FrameType type, std::uint8_t flags, std::uint32_t stream, std::string_view payload) {
    std::string out(http2::kFrameHeadSize, '\0');
    http2::write_frame_head(
        out.data(), {static_cast<std::uint32_t>(payload.size()), static_cast<std::uint8_t>(type), flags, stream});
    return out.append(payload);
}
inline std::string number(std::uint32_t value) {
    std::string out(4, '\0');
    http2::write_u32(out.data(), value);
    return out;
}
inline std::string block(const Pairs& fields) {
    std::vector<char> room(200'000);
    http2::HeaderEncoder encoder(room, false);
    for (const auto& [name, value] : fields) REQUIRE(encoder.add(name, value));
    return {room.data(), encoder.size()};
}
// As it is, in the given number of octets; with Huffman a block would decode to more than it has.
inline std::string plain(std::size_t octets) {
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
inline std::string swollen(const Pairs& head, std::size_t octets) {
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
inline std::string spread(std::uint32_t lane, std::string_view all, std::uint8_t flags) {
    std::string out;
    for (std::size_t at = 0; at < all.size(); at += http2::kMaxPayload) {
        const bool last = at + http2::kMaxPayload >= all.size();
        out += frame(at == 0 ? FrameType::headers : FrameType::continuation,
                     static_cast<std::uint8_t>((at == 0 ? flags : 0) | (last ? kWhole : 0)), lane,
                     all.substr(at, http2::kMaxPayload));
    }
    return out;
}
inline std::string data(std::uint32_t lane, std::size_t octets, std::uint8_t flags = 0) {
    return frame(FrameType::data, flags, lane, std::string(octets, 'x'));
}
inline std::string reset(std::uint32_t lane) {
    return frame(FrameType::rst_stream, 0, lane, number(static_cast<std::uint32_t>(ErrorCode::cancel)));
}
inline std::string update(std::uint32_t stream, std::uint32_t increment) {
    return frame(FrameType::window_update, 0, stream, number(increment));
}
inline std::string setting(std::uint16_t id, std::uint32_t value) {
    return frame(FrameType::settings, 0, 0, number(id).substr(2) + number(value));
}
inline std::string entries(std::size_t count) {
    std::string all;
    for (std::size_t i = 0; i < count; ++i) all += number(0xfefe).substr(2) + number(1);  // an id of no RFC
    return frame(FrameType::settings, 0, 0, all);
}
inline std::string ping() {
    return frame(FrameType::ping, 0, 0, "12345678");
}
inline std::string unknown() {
    return frame(static_cast<FrameType>(0xbe), 0, 0, "x");
}
inline const std::string kSettings = frame(FrameType::settings, 0, 0, "");
inline const std::string kSettingsAck = frame(FrameType::settings, http2::kAck, 0, "");
inline const std::string kPingAck = frame(FrameType::ping, http2::kAck, 0, "12345678");

// What has become of it in a word: "ends N" with a code, "resets N" of the last lane that was, "refused" with an
// answer, "holds".
inline std::string standing(std::optional<ErrorCode> ended, std::string_view control, bool refused) {
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
inline std::string ends(ErrorCode code) {
    return "ends " + std::to_string(static_cast<std::uint32_t>(code));
}
inline std::string resets(ErrorCode code) {
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

inline constexpr std::size_t kNonsense = 100,
                             kPeerResets = 1'000;  // what kNonsense and kPeerResets of misdeeds.h begin with
inline const std::string kCalm = ends(ErrorCode::enhance_your_calm);

}  // namespace switchyard::http2::limits
