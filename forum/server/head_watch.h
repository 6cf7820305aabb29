// Looks at the head of a request as it came, because cpp-httplib reads some of it otherwise than the proxy in front.
//
// The library undoes %XX in the value of every header, passes over headers without a value and lines that end in LF
// alone, and takes "Content-Length : 2" for a header of another name. Where that could make two programs see different
// bodies, fault() says so and the request has to be refused; where a value counts as it was sent, it is kept here. So
// are request lines with more or fewer spaces than two, and what RFC 9112 §3.2 wants refused: HTTP/1.1 without a Host,
// or several.
//
// Threads: one. Errors: none; what is read after a fault means nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace forum {

class HeadWatch {
  public:
    // A new request begins.
    void begin();
    // The next bytes of it, in pieces of any size; what follows the head is passed over.
    void take(std::string_view bytes);

    // The empty line was there.
    bool complete() const { return complete_; }
    // What no two programs would read alike, in words; empty when nothing was found.
    std::string_view fault() const { return fault_; }
    const std::optional<std::string>& idempotency_key() const { return idempotency_key_; }

  private:
    void end_line();
    void look_at_request_line(std::string_view line);
    void look_at_header(std::string_view line);

    std::string line_;
    bool request_line_ = true;
    bool wants_host_ = false;
    int hosts_ = 0;
    bool complete_ = false;
    std::string_view fault_;
    std::optional<std::string> idempotency_key_;
};

}  // namespace forum
