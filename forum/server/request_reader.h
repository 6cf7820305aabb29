// Reads one request after the other from bytes as they come, in pieces of any size, and hands each on as a Call.
//
// Beast reads head, chunks and body; head_watch looks at the head as it came. Framing is judged before the body is
// read: a request that two programs could read differently (Content-Length and Transfer-Encoding, two lengths, a body
// where none belongs) is refused, and so is one that is larger than it may be. Behind a refusal the connection has to
// be closed: it is not known where the next request begins.
//
// Threads: one at a time. Errors: none are thrown.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "forum/api/call.h"
#include "forum/domain/address.h"

namespace forum {

struct ReaderLimits {
    std::size_t body = 256 * 1'024;
    Networks trusted;  // proxies whose X-Forwarded-For is believed
};

class RequestReader {
  public:
    // `limits` must outlive it; `peer` is the address of the client.
    RequestReader(const ReaderLimits& limits, std::string peer);
    ~RequestReader();
    RequestReader(const RequestReader&) = delete;
    RequestReader& operator=(const RequestReader&) = delete;

    enum class State {
        more,     // needs more bytes
        whole,    // take_call()
        refused,  // refusal(); the connection ends behind it
    };
    // Takes what is needed of the bytes and tells how many that were; the rest belongs to the next request.
    State take(std::string_view bytes, std::size_t& taken);

    // Whether anything of a request came.
    bool begun() const { return begun_; }
    // Whether the client waits for leave to send its body.
    bool awaits_continue() const { return wants_continue_; }
    // The same, once.
    bool wants_continue();
    // Bytes of memory that the unfinished request holds.
    std::size_t held_bytes() const;

    // The request; from here on the next one is read.
    Call take_call();
    const Answer& refusal() const { return refusal_; }

    // Of the request that was taken or refused last.
    bool keeps_alive() const { return keeps_alive_; }
    bool is_http_1_0() const { return http_1_0_; }
    // It brought a body that is not read.
    bool leaves_unread() const { return ends_at_head_; }

  private:
    struct Message;
    void begin();
    bool judge_head();
    State refuse_with(Answer refusal);

    const ReaderLimits& limits_;
    std::string peer_;
    std::unique_ptr<Message> message_;
    bool begun_ = false;
    bool judged_ = false;
    bool wants_continue_ = false;
    bool ends_at_head_ = false;
    bool keeps_alive_ = true;
    bool http_1_0_ = false;
    Answer refusal_;
};

}  // namespace forum
