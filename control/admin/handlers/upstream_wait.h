// GET /v1/upstreams/{u}?healthy=2&wait=30s: answers when so many endpoints are healthy, or when the time is over.
//
// Threads: control. Owns itself until it has answered.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <string>

#include "control/admin/call/context.h"
#include "control/admin/call/message.h"

namespace switchyard::control {

class UpstreamWait : public std::enable_shared_from_this<UpstreamWait> {
  public:
    UpstreamWait(Context& context, std::string upstream, std::uint64_t healthy, std::chrono::milliseconds wait,
                 Respond respond);
    void start();

  private:
    void look();
    void answer();

    Context& context_;
    const std::string upstream_;
    const std::uint64_t healthy_;
    boost::asio::steady_timer timer_;
    Respond respond_;
    unsigned bell_ = 0;
};

}  // namespace switchyard::control
