// The laws of lanes and windows, whatever the peer sends and whatever is done with its lanes meanwhile: no more lanes
// than may be, each told once and over once; no more is credited than came, and all of it in the end, but for less
// than half a window; neither side may send beyond the greatest window; and what we say by ourselves is bounded by what
// we were sent.
#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "law.h"
#include "proxy/http2/connection.h"

using namespace switchyard;
using http2::Connection;
using http2::FrameType;

namespace {

struct Owner final : Connection::Events {
    Connection connection{true};
    std::array<char, http::kMaxHead> text{};
    http::Head parsed;
    std::map<std::uint32_t, std::uint32_t> untaken;  // lanes that are told and not over
    std::uint32_t highest = 0;
    std::uint64_t came = 0, credited = 0, said = 0, sent = 0;
    bool refuses = false;

    Connection::HeadRoom room_for_head(std::uint32_t) override { return {text, refuses ? nullptr : &parsed}; }
    void head(std::uint32_t lane, const http2::RequestHead&, http2::RequestHead::Verdict, bool) override {
        LAW(lane % 2 == 1 && lane > highest);
        LAW(untaken.emplace(lane, 0).second);
        highest = lane;
    }
    void data(std::uint32_t lane, std::string_view octets, bool) override {
        LAW(untaken.count(lane) == 1);
        untaken[lane] += static_cast<std::uint32_t>(octets.size());
    }
    void trailer(std::uint32_t lane, std::string_view, std::string_view) override { LAW(untaken.count(lane) == 1); }
    void reset(std::uint32_t lane, http2::ErrorCode) override { LAW(untaken.count(lane) == 1); }
    void writable(std::uint32_t) override {}

    // What waits to be said: whole frames; how much of it credits the connection.
    void hear() {
        std::string_view rest = connection.control().waiting();
        said += rest.size();
        const std::size_t all = rest.size();
        while (!rest.empty()) {
            LAW(rest.size() >= http2::kFrameHeadSize);
            const http2::FrameHead frame = http2::read_frame_head(rest.data());
            LAW(http2::check_frame(frame) == http2::ErrorCode::no_error);
            LAW(rest.size() >= http2::kFrameHeadSize + frame.length);
            if (frame.is(FrameType::window_update) && frame.stream == 0)
                credited += http2::read_u32(rest.data() + http2::kFrameHeadSize);
            rest.remove_prefix(http2::kFrameHeadSize + frame.length);
        }
        connection.control().sent(all);
    }
    void take(std::uint32_t lane, std::uint32_t octets) {
        auto& left = untaken[lane];
        octets = std::min(octets, left);
        left -= octets;
        connection.taken(lane, octets);
    }
    void finish(std::uint32_t lane) {
        take(lane, untaken[lane]);
        connection.reset(lane, http2::ErrorCode::no_error);
        connection.done(lane);
        untaken.erase(lane);
    }
    void act(std::uint8_t what, std::uint8_t how) {
        if (untaken.empty()) return;
        auto lane = untaken.begin();
        std::advance(lane, how % untaken.size());
        const std::uint32_t id = lane->first;
        switch (what % 5) {
            case 0:
                return take(id, 1u + how * 64u);
            case 1:
                return finish(id);
            case 2:
                return connection.reset(id, http2::ErrorCode::internal_error);
            case 3: {
                const std::uint32_t may = connection.may_send(id);
                LAW(may <= http2::kMaxPayload && may <= connection.may_send());
                const auto octets = std::min<std::uint32_t>(may, 1u + how * 128u);
                if (may != 0) connection.sent_data(id, octets, how % 7 == 0, octets < may, 1'000);
                return;
            }
            default:
                refuses = how % 2 == 0;
        }
    }
    // Octets of DATA frames that were taken in, padding included.
    void count_data(std::string_view frames) {
        while (frames.size() >= http2::kFrameHeadSize) {
            const http2::FrameHead frame = http2::read_frame_head(frames.data());
            if (frame.is(FrameType::data)) came += frame.length;
            frames.remove_prefix(std::min(frames.size(), http2::kFrameHeadSize + frame.length));
        }
    }
};

}  // namespace

// Pieces of what the peer sends, behind preface and SETTINGS, and what is done between them: byte 0 of each is its
// size, bytes 1 and 2 what is done.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 3 || size > 1U << 15) return 0;
    std::string unread(http2::kPreface);
    unread.append("\0\0\0\4\0\0\0\0\0", http2::kFrameHeadSize);
    Owner owner;
    owner.hear();
    const std::uint64_t greeting = owner.credited;
    std::uint64_t fed = unread.size();
    std::size_t begin = http2::kPreface.size();  // of the frames in what is unread
    for (std::size_t at = 0; at + 3 <= size;) {
        const std::size_t piece = std::min<std::size_t>(data[at] * 4u, size - at - 3);
        unread.append(reinterpret_cast<const char*>(data) + at + 3, piece);
        fed += piece;
        const bool ended = owner.connection.ended().has_value();
        const std::size_t taken = owner.connection.feed(unread, 1'000, owner);
        if (!ended) owner.count_data(std::string_view(unread).substr(0, taken).substr(std::min(begin, taken)));
        if (taken != 0) begin = 0;
        unread.erase(0, taken);
        LAW(owner.connection.lanes() <= http2::kMaxLanes);
        LAW(owner.connection.lanes() == owner.untaken.size());
        owner.act(data[at + 1], data[at + 2]);
        owner.hear();
        LAW(owner.credited - greeting <= owner.came);
        LAW(owner.connection.may_send() <= http2::kMaxWindow);
        // An answer to the smallest frame is no larger than that frame and one reset.
        LAW(owner.said <= 2 * fed + 4 * http2::ControlFrames::kMost);
        at += 3 + piece;
    }
    while (!owner.untaken.empty()) owner.finish(owner.untaken.begin()->first);
    owner.hear();
    LAW(owner.connection.lanes() == 0);
    if (!owner.connection.ended()) LAW(owner.came - (owner.credited - greeting) < http2::kConnectionWindow / 2);
    return 0;
}
