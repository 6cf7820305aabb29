// One request by HTTP/2 on a connection of its own, and its answer: what goes out, what comes in, no sockets.
//
// The request is said in the words of HTTP/1, and judged like an endpoint's answer to a client: what would be refused
//   there is refused here.
// Threads: plain object. Errors: words.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "proxy/http2/outward_connection.h"

namespace switchyard::control::net {

class Http2Question final : private http2::OutwardConnection::Events {
  public:
    // `request`: head and body. `most_body`: the answer's body is kept, if it is no longer; 0: it is not waited for.
    Http2Question(std::string_view request, std::string_view scheme, std::size_t most_body);
    ~Http2Question();

    // What is to be sent now; it is taken.
    std::string take_output();
    // What has come; how much of it is not needed again.
    std::size_t feed(std::string_view octets, std::int64_t now_ms);

    // The answer is here, or there will be none: error().
    bool over() const { return over_; }
    unsigned status() const { return status_; }
    const std::map<std::string, std::string>& headers() const { return headers_; }  // by name in lower case
    std::string& body() { return body_; }
    // "name: value" CRLF each; of an answer that is a head alone, its fields.
    const std::string& trailers() const { return trailers_; }
    const std::string& error() const { return error_; }

  private:
    http2::OutwardConnection::HeadRoom room_for_head() override;
    void head(std::uint32_t lane, std::string_view text, const http::Head& head, bool end) override;
    void data(std::uint32_t lane, std::string_view octets, bool end) override;
    void trailer(std::uint32_t lane, std::string_view name, std::string_view value) override;
    void reset(std::uint32_t lane, http2::ErrorCode code, bool unserved, const char* why) override;
    void writable(std::uint32_t lane) override;
    void go_on();
    void fail(std::string why);

    http2::OutwardConnection connection_;
    struct Room;
    std::unique_ptr<Room> room_;
    std::string out_, left_;  // frames; what is left of the request's body
    std::size_t most_body_;
    unsigned status_ = 0;
    bool over_ = false;
    std::map<std::string, std::string> headers_;
    std::string body_, trailers_, error_;
};

}  // namespace switchyard::control::net
