// One HTTP/2 connection as a client's: requests in, octets out; octets in, answers out. No sockets.
//
// A request is taken as the text that HTTP/1.1 would send. Events are told while feed() runs, and must not call back
//   into the link but by submit() and abandon().
// Threads: one. Owns: a session of libnghttp2. Errors: a peer that breaks the protocol makes feed() say false.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace yardbench {

class Http2Link {
  public:
    class Events {
      public:
        // A field of a head or of the trailers; ":status" is one.
        virtual void field(std::uint32_t slot, std::string_view name, std::string_view value) = 0;
        virtual void body(std::uint32_t slot, std::string_view octets) = 0;
        // The answer has come to its end.
        virtual void ended(std::uint32_t slot) = 0;
        // Nothing more comes; `refused`: reset, or not served.
        virtual void over(std::uint32_t slot, bool refused) = 0;
        // What is left of the request's body; null: the slot has another stream by now.
        virtual std::string_view* body_of(std::uint32_t slot, std::int32_t stream) = 0;

      protected:
        ~Events() = default;
    };

    // `scheme`: http or https. `streams`: what will be asked for at once.
    Http2Link(Events& events, std::string_view scheme);
    ~Http2Link();
    Http2Link(const Http2Link&) = delete;
    Http2Link& operator=(const Http2Link&) = delete;

    // `head`: "METHOD path HTTP/1.1" and its lines. The stream's id; 0: the peer takes no more.
    std::int32_t submit(std::uint32_t slot, std::string_view head, bool has_body);
    // The stream is of no more interest; it is reset.
    void abandon(std::int32_t stream);
    bool feed(std::string_view octets);
    // What is to be sent, appended; whole frames, as many as the windows let pass.
    void take_output(std::string& to);
    // It has ended itself for what the peer did, and has said so; or nothing is left of it.
    bool over() const { return nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0; }
    bool takes_more() const { return nghttp2_session_check_request_allowed(session_) != 0; }

  private:
    static std::uint32_t slot_of(nghttp2_session* session, std::int32_t stream, bool& known);

    Events& events_;
    const std::string scheme_;
    nghttp2_session* session_ = nullptr;
};

}  // namespace yardbench
