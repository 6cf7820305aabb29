// Challenges that are open now: this program's own, and those that others have put into folders.
//
// Invariants: `everywhere` of open() is called once every worker answers what was opened, and not before; false where
// it
//   could not be put in force. Nothing is published while nothing changes.
// Threads: control; folders are read beside it, each by itself: one whose disk hangs keeps neither the others nor the
//   process's end waiting.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "control/acme/doors.h"
#include "control/base/disk_errands.h"
#include "proxy/net/challenge_book.h"

namespace switchyard::control::acme {

class ChallengeDesk {
  public:
    // Between two looks at the folders. Workers wait eight times as long for a token that they do not know.
    static constexpr std::chrono::milliseconds kLook{250};

    ChallengeDesk(const boost::asio::any_io_executor& executor, Answerers& answerers);

    struct Own {
        switchyard::net::ChallengeBook::Answers answers;
        std::map<std::string, switchyard::net::TlsBook::Identity, std::less<>> hosts;
    };
    void open(const std::string& owner, Own own, std::function<void(bool)> everywhere);
    void close(const std::string& owner);
    // Those of the listeners in force.
    void follow(const std::set<std::string>& folders);
    void stop();

  private:
    bool publish();
    void look();
    void look_into(const std::string& folder);
    void arm();

    const boost::asio::any_io_executor executor_;
    Answerers& answerers_;
    boost::asio::steady_timer timer_;
    std::map<std::string, Own> own_;
    std::map<std::string, switchyard::net::ChallengeBook::Answers> folders_;
    std::set<std::string> followed_;
    struct Reader {
        std::unique_ptr<DiskErrands> errands;
        bool reading = false;
    };
    std::map<std::string, Reader> readers_;
    switchyard::net::ChallengeBook published_;
    bool armed_ = false, stopped_ = false;
};

}  // namespace switchyard::control::acme
