// One answer of HTTP/1.1 out of the octets of its connection, read by the data plane's own parser: what traffic would
// not take is refused here, and the other way round.
//
// Feed it what came; it takes its answer from the front and leaves what stands behind. Interim answers are passed over.
// Pure. Limits: a head as the data plane's; a body as the caller says. Errors: a sentence in why().
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "proxy/http/chunked.h"
#include "proxy/http/framing.h"
#include "proxy/http/head_parser.h"

namespace switchyard::control::net {

// By name in lower case; of those that stand twice the last.
std::map<std::string, std::string> headers_of(const char* octets, const http::Head& head);

class AnswerReader {
  public:
    enum class Outcome : std::uint8_t { more, done, refused };
    static constexpr std::size_t kNoLimit = SIZE_MAX;

    // `head_only`: it is done with its head.
    AnswerReader(std::string method, bool head_only) : method_(std::move(method)), head_only_(head_only) {}

    // `most`: octets of body that may wait here.
    Outcome feed(std::string& octets, std::size_t most);
    // No more will come: done where that is how the answer ends.
    Outcome ended() const;

    bool begun() const { return begun_; }  // an octet of it is here
    bool has_head() const { return has_head_; }
    unsigned status() const { return status_; }
    const std::map<std::string, std::string>& headers() const { return headers_; }  // by name in lower case
    std::string& body() { return body_; }  // what has come of it and was not taken out
    // The connection stands behind the answer and may be used again.
    bool keep_alive() const { return keep_alive_ && framing_.kind != http::Body::Kind::until_close; }
    const std::string& why() const { return why_; }

  private:
    Outcome read_head(std::string& octets);
    Outcome read_body(std::string& octets, std::size_t most);
    Outcome refuse(std::string why);
    void take_head(const std::string& octets, const http::Head& head);

    const std::string method_;
    const bool head_only_;
    http::HeadParser parser_;
    http::Head head_;  // as far as it has come
    http::ChunkedDecoder chunks_;
    http::Body framing_;
    bool begun_ = false, has_head_ = false, keep_alive_ = false;
    unsigned status_ = 0;
    std::uint64_t seen_ = 0;  // octets of the body
    std::map<std::string, std::string> headers_;
    std::string body_, why_;
};

}  // namespace switchyard::control::net
