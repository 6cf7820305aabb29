// One blocking HTTP call at a time over a kept connection: how yardbench talks to an admin API or logs a user in.
//
// Invariants: `asked` is read right before the first byte is sent, `answered` right after the last byte of the answer
//   is in hand: the two times that a switch is judged by. A kept connection that turns out to be closed is opened
//   again once, but only when not one byte of an answer had come.
// Threads: one. Owns: its socket. Errors: no answer is status 0 with the reason in `error`.
#pragma once

#include <string>
#include <vector>

#include "bench/yardbench/engine/clock.h"
#include "bench/yardbench/engine/response_reader.h"
#include "bench/yardbench/engine/url.h"

namespace yardbench {

struct HttpAnswer {
    unsigned status = 0;
    std::string body;
    std::string error;
    Nanos asked = 0;
    Nanos answered = 0;
};

class HttpCall {
  public:
    explicit HttpCall(Url target, Nanos timeout = 10 * kSecond) : target_(std::move(target)), timeout_(timeout) {}
    ~HttpCall();
    HttpCall(const HttpCall&) = delete;
    HttpCall& operator=(const HttpCall&) = delete;

    HttpAnswer operator()(const std::string& method, const std::string& path, const std::vector<std::string>& headers,
                          const std::string& body);
    // A header of the last answer; empty when it was not there.
    std::string header(std::string_view name) const { return std::string(reader_.header(name)); }

  private:
    bool connect(HttpAnswer& answer);
    bool exchange(const std::string& request, HttpAnswer& answer, bool& nothing_came);
    void close();

    const Url target_;
    const Nanos timeout_;
    ResponseReader reader_;
    int fd_ = -1;
};

}  // namespace yardbench
