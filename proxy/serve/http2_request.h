// What a client has said on one stream: a head as the wall made it (http2/request_head.h), and what of its body the
// exchange has not taken yet.
//
// The head's text stands in the connection's buffer until the exchange takes it. Of a body no more is here than the
//   lane's window lets in; it counts among the worker's undelivered octets.
// Threads: one worker. Owns: the octets of the body.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/http2/connection.h"
#include "proxy/serve/body_chain.h"
#include "proxy/serve/frames.h"
#include "proxy/serve/worker_context.h"

namespace switchyard::serve {

class Http2Request {
  public:
    Http2Request(WorkerContext& context, net::Buffer& text) : context_(context), text_(text), body_(context.buffers) {}
    ~Http2Request() { context_.http2.undelivered -= body_.size(); }
    Http2Request(const Http2Request&) = delete;
    Http2Request& operator=(const Http2Request&) = delete;

    // What comes, as the session's frames tell.
    http2::Connection::HeadRoom room() { return {text_.room().first(http::kMaxHead), &head_}; }
    void head_came(const http2::RequestHead& wall, http2::RequestHead::Verdict verdict, bool end);
    void data_came(std::string_view octets, bool end);
    void trailer_came(std::string_view name, std::string_view value);
    // Why its message is malformed: its stream was reset for that, and no answer is due. Null: it is not.
    const char* refused = nullptr;

    enum class Taken : std::uint8_t { here, bad, too_large };
    // The head's text moves into `text`.
    Taken take_head(http::Head& head, net::Buffer& text);
    // What is wrong with one that is bad.
    const char* why_bad() const { return refused != nullptr ? refused : why_; }
    // END_STREAM came.
    bool ended() const { return ended_; }
    // What stands behind the head, here or still to come.
    bool has_body() const { return !ended_ || !body_.empty() || !trailers_.empty(); }
    // An extended CONNECT.
    bool asks_for_websocket() const { return websocket_; }

    // As Frames has them.
    Frames::Came pull(Run& run) const;
    void take(std::size_t octets);
    bool take_whole(std::size_t octets, net::Buffer& to);
    std::string_view trailers() const { return trailers_; }
    // Octets that were never taken; their windows are owed.
    std::size_t untaken() const { return body_.size(); }

  private:
    void add_length();
    void become_upgrade();
    bool add_line(std::string_view name, std::string_view value, http::FieldName id);

    WorkerContext& context_;
    net::Buffer& text_;
    bool ended_ = false;
    bool websocket_ = false;
    Taken head_is_ = Taken::here;
    const char* why_ = nullptr;
    BodyChain body_;
    std::string trailers_;
    http::Head head_;
};

}  // namespace switchyard::serve
