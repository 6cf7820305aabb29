// Laws of HTTP/2 connections: whatever comes is told alike in whatever pieces; every head that is fine is one that a
// strict HTTP/1 reader reads with the same fields; what we answer is whole frames of lanes that may be; bounds hold.
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "law.h"
#include "proxy/http/grpc.h"
#include "proxy/http2/connection.h"
#include "tests/support/strict_message.h"

using namespace switchyard;
using http2::Connection;

namespace {

struct Told final : Connection::Events {
    Connection connection{true};
    std::string all;
    std::array<char, http::kMaxHead> text{};
    http::Head parsed;
    std::vector<std::uint32_t> open;

    Connection::HeadRoom room_for_head(std::uint32_t) override { return {text, &parsed}; }
    void head(std::uint32_t lane, const http2::RequestHead& wall, http2::RequestHead::Verdict verdict,
              bool end) override {
        open.push_back(lane);
        all += "head " + std::to_string(lane) + (end ? " end\n" : "\n");
        if (verdict != http2::RequestHead::Verdict::fine) return;
        LAW(parsed.count(http::FieldName::host) == 1);
        if (!wall.protocol().empty()) return;
        // An empty host is refused behind this, where that of HTTP/1 is (Guarded).
        if (http::value_of(text.data(), parsed, "host").empty()) return;
        std::string lines;
        for (std::uint16_t i = 0; i < parsed.field_count; ++i) {
            const http::Field& field = parsed.fields[i];
            lines.append(text.data() + field.name.offset, static_cast<std::size_t>(field.line_end - field.name.offset));
        }
        all += lines;
        const std::string line = std::string(parsed.method.of(text.data())) + " " +
                                 std::string(parsed.target.of(text.data())) + " HTTP/1.1\r\n";
        const auto strict = test::read_strict_request(line + lines + "\r\n");
        LAW(strict.outcome != test::StrictResult::Outcome::bad);
        LAW(strict.message.fields.size() == parsed.field_count);
        for (std::uint16_t i = 0; i < parsed.field_count; ++i)
            LAW(strict.message.fields[i].second == parsed.fields[i].value.of(text.data()));
    }
    void data(std::uint32_t lane, std::string_view octets, bool end) override {
        all += "data " + std::to_string(lane) + " " + std::string(octets) + (end ? " end\n" : "\n");
    }
    void trailer(std::uint32_t lane, std::string_view name, std::string_view value) override {
        LAW(!http::is_hop_by_hop(http::field_name(name)) && http2::is_field_value(value));
        all += "trailer " + std::to_string(lane) + "\n";
    }
    void reset(std::uint32_t lane, http2::ErrorCode) override { all += "reset " + std::to_string(lane) + "\n"; }
    void writable(std::uint32_t lane) override { all += "writable " + std::to_string(lane) + "\n"; }

    void check() {
        LAW(connection.lanes() <= http2::kMaxLanes);
        for (const std::uint32_t lane : open) LAW(connection.may_send(lane) <= http2::kMaxPayload);
        std::string_view rest = connection.control().waiting();
        while (!rest.empty()) {
            LAW(rest.size() >= http2::kFrameHeadSize);
            const http2::FrameHead frame = http2::read_frame_head(rest.data());
            LAW(http2::check_frame(frame) == http2::ErrorCode::no_error);
            LAW(rest.size() >= http2::kFrameHeadSize + frame.length);
            rest.remove_prefix(http2::kFrameHeadSize + frame.length);
        }
    }
};

}  // namespace

// The first byte is the size of the pieces; behind the preface and SETTINGS, which are ours, stand the frames.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    std::string bytes(http2::kPreface);
    bytes.append("\0\0\0\4\0\0\0\0\0", http2::kFrameHeadSize);
    bytes.append(reinterpret_cast<const char*>(data) + 1, size - 1);
    Told whole, pieces;
    whole.connection.feed(bytes, 1'000, whole);
    const std::size_t step = 1 + data[0];
    std::string unread;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
        unread += bytes.substr(at, step);
        unread.erase(0, pieces.connection.feed(unread, 1'000, pieces));
    }
    LAW(whole.all == pieces.all);
    LAW(whole.connection.ended() == pieces.connection.ended());
    LAW(whole.connection.control().waiting() == pieces.connection.control().waiting());
    whole.check();
    return 0;
}
