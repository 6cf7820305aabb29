// The server's side of one HTTP/2 connection with known answers: each request gets the same one, in full, or with a
// status of gRPC in its trailers. No sockets.
//
// Invariants: a request is told once, when its last octet has come; it is answered when answer() is called for it.
// Threads: one. Owns: a session of libnghttp2. Errors: a peer that breaks the protocol makes feed() say false.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace yardbench {

// What every request is answered with.
struct KnownAnswer {
    std::string status = "200";
    std::string content_type = "text/plain";
    std::string extra_name, extra_value;  // a field more; empty: none
    std::string body;
    int grpc_status = -1;   // in the trailers; negative: there are none
    unsigned messages = 1;  // so often the body, each in a frame of its own
};

class KnownStreams {
  public:
    using Asked = std::function<void(std::int32_t stream)>;

    KnownStreams(const KnownAnswer& answer, Asked asked);
    ~KnownStreams();
    KnownStreams(const KnownStreams&) = delete;
    KnownStreams& operator=(const KnownStreams&) = delete;

    bool feed(std::string_view octets);
    void answer(std::int32_t stream);
    // Appends what is to be sent.
    void take_output(std::string& to);

  private:
    static ssize_t give(nghttp2_session* session, std::int32_t stream, std::uint8_t* to, std::size_t room,
                        std::uint32_t* flags, nghttp2_data_source* source, void* self);

    const KnownAnswer& answer_;
    Asked asked_;
    const std::string grpc_status_;
    nghttp2_session* session_ = nullptr;
    std::unordered_map<std::int32_t, std::size_t> left_;  // octets of answers on their way
};

}  // namespace yardbench
