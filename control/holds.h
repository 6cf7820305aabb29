// Ends what is held when its time is over: makes the change that lets the routes go.
//
// Workers let the requests go by themselves at that moment; the change makes the configuration say so, too.
// Threads: control.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>

#include "config/model/forward.h"
#include "control/core/change.h"

namespace switchyard::control {

class Holds {
  public:
    // What it reaches control by.
    struct Ports {
        std::function<const config::Model&()> model;
        std::function<void(Change, Answered)> change;
        std::function<bool()> decides;  // this process does; else another one makes the change
        std::function<std::int64_t()> now_s;
    };
    Holds(const boost::asio::any_io_executor& executor, Ports ports);

    // Another configuration is in force, or is about to be.
    void follow(const config::Model& model);

  private:
    void look_again(std::chrono::seconds in);
    void end_what_is_over();

    Ports ports_;
    boost::asio::steady_timer timer_;
    std::shared_ptr<char> alive_ = std::make_shared<char>();
};

}  // namespace switchyard::control
