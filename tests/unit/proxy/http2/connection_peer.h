// A peer of a connection of HTTP/2 that a test plays: frames as octets, and what it was told.
#pragma once

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "proxy/http2/connection.h"
#include "proxy/http2/header_encoder.h"

namespace switchyard::test::http2_peer {

using http2::Connection;
using http2::ErrorCode;
using http2::FrameType;

using Pairs = std::vector<std::pair<std::string, std::string>>;

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
    std::array<char, 20'000> room{};
    http2::HeaderEncoder encoder(room, false);
    for (const auto& [name, value] : fields) REQUIRE(encoder.add(name, value));
    return {room.data(), encoder.size()};
}

inline Pairs request(Pairs more = {}) {
    Pairs all{{":method", "POST"}, {":scheme", "https"}, {":authority", "a.example"}, {":path", "/"}};
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

inline constexpr std::uint8_t kEnds = http2::kEndStream;
inline constexpr std::uint8_t kWhole = http2::kEndHeaders;

inline std::string headers(std::uint32_t lane, std::uint8_t flags, const Pairs& fields = request()) {
    return frame(FrameType::headers, flags, lane, block(fields));
}
inline std::string data(std::uint32_t lane, std::string_view octets, std::uint8_t flags = 0) {
    return frame(FrameType::data, flags, lane, octets);
}
inline std::string reset(std::uint32_t lane, ErrorCode code = ErrorCode::cancel) {
    return frame(FrameType::rst_stream, 0, lane, number(static_cast<std::uint32_t>(code)));
}
inline std::string update(std::uint32_t stream, std::uint32_t increment) {
    return frame(FrameType::window_update, 0, stream, number(increment));
}
inline std::string initial_window(std::uint32_t size) {
    return frame(FrameType::settings, 0, 0, std::string("\0\4", 2) + number(size));
}
inline std::string ping() {
    return frame(FrameType::ping, 0, 0, "12345678");
}
inline const std::string kSettings = frame(FrameType::settings, 0, 0, "");
inline const std::string kSettingsAck = frame(FrameType::settings, http2::kAck, 0, "");

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

}  // namespace switchyard::test::http2_peer
