// The process whose place another one takes: starts that one, or is asked by one that has come by itself; leads it
// through the phases (elder_machine.h), and takes everything back where it fails.
//
// Errors: an upgrade that cannot begin is the answer of start(); one that fails later is told by view() and an event,
//   and has changed nothing. Limits of the phases are constants below.
// Threads: control. Owns: the other process as far as it can be ended, and the line to it.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "control/base/result.h"
#include "control/upgrade/channel.h"
#include "control/upgrade/elder_machine.h"
#include "control/upgrade/handover.h"
#include "control/upgrade/order.h"
#include "control/upgrade/other_process.h"

namespace switchyard::control::upgrade {

using std::chrono::milliseconds;

class Succession {
  public:
    // The first two cost nothing: the other one merely runs beside this one.
    static constexpr milliseconds kHello{10'000}, kRehearsal{30'000};
    // A freeze takes some milliseconds and a takeover some tens of them (`took_ms` says how many). Their limits are not
    // for that: all that waits meanwhile are changes, which are told to come again, while every request is served and
    // accepted as ever. So patience costs little, and to give up a sound upgrade because a machine that compiles
    // something has not given a new process two seconds of its time costs another one. The freeze has less, as it waits
    // for nothing but the disk and what was under way.
    static constexpr milliseconds kFreeze{5'000}, kTakeover{10'000};
    // On probation it says that it is alive several times a second; clients that connect wait for so long where it is
    // stuck. One that has ended is known at once.
    static constexpr milliseconds kSilence{5'000};
    // One that was told to end and can only be waited for: one that is well has gone within milliseconds. Clients that
    // connect wait meanwhile.
    static constexpr milliseconds kFarewell{2'000};

    // What stands behind outlives it.
    struct Doors {
        Launch& launch;
        Handover& handover;
        Following& following;
    };

    Succession(boost::asio::any_io_executor executor, const Doors& doors);

    Result<Json> start(const Order& order);
    // By one that has come, and has said this on its line.
    Result<Json> take(const Order& order, std::shared_ptr<Channel> line, Json hello);
    // Every worker of this process routes by it.
    void adopted(std::uint64_t generation);
    // This process ends, as far as it is in charge.
    void cancel(const std::string& why);

    // To the other process, which is in charge.
    void tell(const Json& message);
    // It asks for what is counted here, and goes on with it.
    bool other_counts() const { return other_counts_; }

    bool under_way() const { return machine_.phase() != ElderMachine::Phase::over; }
    bool follows() const { return machine_.follows(); }
    // The newest, or null: there was none.
    Json view() const;

  private:
    using Event = ElderMachine::Event;

    Result<void> may_begin() const;
    void begin(const Order& order, std::unique_ptr<OtherProcess> other, std::shared_ptr<Channel> line);
    void on(Event event, const std::string& why = {});
    void act(ElderMachine::Act act, const std::string& why);
    void heard(Message message);
    void arm(milliseconds limit, Event event, std::string why);
    void arm_for(ElderMachine::Phase phase);
    void rehearse();
    void freeze();
    void hand_over();
    void end_it(const std::string& why);

    const boost::asio::any_io_executor executor_;
    const Doors doors_;
    ElderMachine machine_ = over();
    Order order_;
    std::unique_ptr<OtherProcess> other_;
    std::shared_ptr<Channel> line_;
    std::vector<std::shared_ptr<Channel>> old_lines_;  // one may be what calls
    boost::asio::steady_timer limit_, probation_;
    bool gone_ = false;         // its line has ended
    bool handed_over_ = false;  // it has, or may have, what there is
    bool left_over_ = false;    // it failed with that, and has not ended: this one decides nothing before it has
    bool other_counts_ = false;
    std::uint64_t number_ = 0;  // of the attempt: what was asked for by an earlier one is not listened to
    std::chrono::steady_clock::time_point phase_since_{};
    Json view_;
    std::shared_ptr<char> alive_ = std::make_shared<char>();

    static ElderMachine over();
};

}  // namespace switchyard::control::upgrade
