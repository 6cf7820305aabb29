// The error pages of the generation in force: what their files hold is put in force without a new generation, as
// certificates are (docs/decisions/0012).
//
// Files are read aside, when a generation comes, when a change would be the first to name them, and every kLook. One
// that cannot be used never replaces what is known; that is said once in the log, and in status as long as it is so.
// Invariants: a disk that hangs holds up a change for kWait at most, and nothing else.
// Threads: control; the disk is waited for by threads beside it.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "config/model/forward.h"
#include "control/base/disk_errands.h"
#include "proxy/snapshot/page_shelf.h"

namespace switchyard::control {

class Pages {
  public:
    static constexpr std::chrono::seconds kLook{10};
    static constexpr std::chrono::milliseconds kWait{2000};  // of a change, for a disk that does not answer

    // What it reaches control by.
    struct Ports {
        std::function<const config::Model&()> model;
        std::function<void()> publish;  // the generation in force with what is on the shelf now
    };
    Pages(boost::asio::any_io_executor executor, PageShelf& shelf, Ports ports);

    // Another generation is in force.
    void follow();
    // What is in the files is in force soon.
    void look();
    // Files of which nothing is known are read aside; `then` is called when they are, or when their disk has not
    // answered in kWait: at once where there are none.
    void read_first(const std::set<std::string>& files, std::function<void()> then);
    void stop();

  private:
    using Looks = std::map<std::string, PageShelf::Reading>;
    struct Waiter {
        std::function<void()> then;
        boost::asio::steady_timer timer;
        void answer();
    };
    bool took(const Looks& looks);
    void arm();

    const boost::asio::any_io_executor executor_;
    PageShelf& shelf_;
    const Ports ports_;
    DiskErrands errands_;
    std::set<std::shared_ptr<DiskErrands>> first_errands_;  // of read_first(), under way
    boost::asio::steady_timer timer_;
    std::set<std::string> followed_;
    std::map<std::string, std::string> told_;  // file → its trouble
    bool under_way_ = false;
    bool again_ = false;
    bool stopped_ = false;
};

}  // namespace switchyard::control
