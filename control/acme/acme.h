// All certificates that are asked for, and the challenges that are open for them and for others.
//
// Follows the generation in force: a certificate that a listener shows and that is written with `acme` is asked for and
// renewed; folders of challenges of other programs are read.
// Threads: control. Owns: one Issuance for each. Errors: in status, events (`acme`) and log.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "config/model.h"
#include "control/acme/challenge_desk.h"
#include "control/acme/doors.h"
#include "control/acme/issuance.h"
#include "control/acme/storage.h"
#include "control/base/disk_errands.h"
#include "control/core/event_log.h"

namespace switchyard::control::acme {

class Acme final : private Orders {
  public:
    static constexpr unsigned kOrdersAtOnce = 4;  // a start with a thousand names asks no authority a thousand times

    struct Doors {
        Answerers& answerers;
        InForce& in_force;
    };
    Acme(const boost::asio::any_io_executor& executor, const std::string& state_dir, EventLog& events, Doors doors);
    ~Acme() override;
    Acme(const Acme&) = delete;
    Acme& operator=(const Acme&) = delete;

    // Another generation is in force.
    void follow();
    void stop();

    // Nothing: it is not asked for.
    std::optional<Issuance::Status> status(const std::string& name) const;
    // Now, whatever its time is. False: it is not asked for.
    bool renew(const std::string& name);

    struct Counts {
        std::uint64_t issued = 0, failed = 0;
    };
    const Counts& counts() const { return counts_; }
    // On top of another process's.
    void go_on_from(Counts counts) { counts_ = counts; }

  private:
    void turn(std::function<bool()> take) override;
    void release() override;
    void give_turns();
    void tell(const std::string& name, News news, const std::string& detail) override;

    EventLog& events_;
    InForce& in_force_;
    const Storage storage_;
    std::unique_ptr<DiskErrands> disk_;
    ChallengeDesk desk_;
    const Issuance::Shared shared_;
    std::deque<std::function<bool()>> waiting_;
    unsigned under_way_ = 0;
    Counts counts_;
    bool stopped_ = false;
    std::map<std::string, std::unique_ptr<Issuance>> all_;
};

}  // namespace switchyard::control::acme
