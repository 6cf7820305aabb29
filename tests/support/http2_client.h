// An HTTP/2 client that sends what it is told to, frame by frame, and keeps every frame that it gets.
//
// Threads: the test's. Owns: the wire.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/http2/frame.h"
#include "proxy/http2/header_decoder.h"
#include "tests/support/crank.h"

namespace switchyard::test {

using Pairs = std::vector<std::pair<std::string, std::string>>;

std::string h2_frame(http2::FrameType type, std::uint8_t flags, std::uint32_t stream, std::string_view payload);
std::string h2_number(std::uint32_t value);
std::string h2_block(const Pairs& fields);
// ":method", …, then the others.
Pairs h2_request(std::string_view method = "GET", std::string_view path = "/", Pairs more = {});

class Http2Client {
  public:
    struct Frame {
        http2::FrameHead head;
        std::string payload;
    };
    struct Answer {
        std::vector<Pairs> heads;  // interim ones first, trailers last
        std::string body;
        bool ended = false;
        std::int64_t reset = -1;  // its code
        std::string get(std::string_view name, std::size_t head = 0) const;
        std::string status(std::size_t head = 0) const { return get(":status", head); }
    };

    // Says the preface and its SETTINGS.
    Http2Client(Crank& crank, Wire wire, std::string_view settings = {});
    // An endpoint: it says its SETTINGS, and answers streams that the proxy opens; `heads[0]` is what was asked.
    struct Endpoint {};
    Http2Client(Endpoint, Crank& crank, Wire wire, std::string_view settings = {});

    void send(std::string_view octets) { crank_.send(wire, octets); }
    void headers(std::uint32_t stream, const Pairs& fields, bool end = true);
    void data(std::uint32_t stream, std::string_view octets, bool end = false);
    void say_goaway(std::uint32_t last, http2::ErrorCode code = http2::ErrorCode::no_error);
    void reset(std::uint32_t stream, http2::ErrorCode code = http2::ErrorCode::cancel);
    void credit(std::uint32_t stream, std::uint32_t octets);

    // Turns until all that has come is read.
    void turn();
    void until(const char* what, const std::function<bool()>& condition);
    // Until the stream has ended, or was reset.
    const Answer& answer(std::uint32_t stream);
    const Answer& now(std::uint32_t stream) { return turn(), stream_(stream); }
    std::size_t count(http2::FrameType type) const;
    // The code of the last GOAWAY; -1: none came.
    std::int64_t goaway = -1;
    std::uint32_t last_lane = 0;
    std::vector<Frame> frames;
    bool credits = true;  // what comes is credited at once
    bool acknowledges = true;
    bool preface_came = true;
    Wire wire;

  private:
    void read();
    void take(const Frame& frame);
    Answer& stream_(std::uint32_t id);

    Crank& crank_;
    http2::HeaderDecoder decoder_;
    std::string block_;
    std::uint32_t block_of_ = 0;
    bool block_ends_ = false;
    std::vector<std::pair<std::uint32_t, std::unique_ptr<Answer>>> answers_;
};

}  // namespace switchyard::test
