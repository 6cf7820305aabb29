// One call of the admin API out of the octets of its connection, read by the data plane's own parser: what two readers
// could take for two different messages is refused here as there.
//
// Pure: feed it what came; it takes its call from the front and leaves what stands behind.
// Invariants: a head has at most http::kMaxHead bytes, a body at most `most`.
#pragma once

#include <cstdint>
#include <string>

#include "control/admin/call/message.h"
#include "proxy/http/chunked.h"
#include "proxy/http/framing.h"
#include "proxy/http/head_parser.h"

namespace switchyard::control {

class CallReader {
  public:
    enum class Outcome : std::uint8_t { more, done, refused };

    explicit CallReader(std::uint64_t most) : most_(most) {}

    Outcome feed(std::string& bytes);

    bool has_head() const { return has_head_; }
    bool asks_to_continue() const { return guarded_.expect_continue; }
    bool keep_alive() const { return guarded_.keep_alive; }
    unsigned version() const { return 10U + head_.minor; }  // as Beast writes it
    const Problem& problem() const { return problem_; }     // of what was refused
    // The call, once it is done.
    AdminRequest take() { return std::move(call_); }

  private:
    Outcome read_head(std::string& bytes);
    Outcome read_body(std::string& bytes);
    Outcome refuse(Problem problem);
    void take_head(const std::string& bytes);

    const std::uint64_t most_;
    http::HeadParser parser_;
    http::Head head_;
    http::Guarded guarded_;
    http::ChunkedDecoder chunks_;
    bool has_head_ = false;
    AdminRequest call_;
    Problem problem_;
};

}  // namespace switchyard::control
