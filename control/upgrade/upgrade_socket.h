// Where a program that was not started by this process asks for its place: <state_dir>/upgrade.sock, for containers
// that share the state's volume. What comes there is handed on with the first it says; all else is told why not.
//
// Invariants: one program is heard at a time, for kHello at most, and only of this process's own user. The path is
//   replaced by open(), so the caller holds the state folder's lock. close() leaves the path, which is another
//   process's by then; remove() does not.
// Errors: a path that cannot be listened on is said in the log, and nothing comes.
// Threads: control. Owns: the listening socket, and the line of a program that has not said anything yet.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "control/base/result.h"
#include "control/upgrade/channel.h"

namespace switchyard::control::upgrade {

inline constexpr const char* kUpgradeSocket = "upgrade.sock";

class UpgradeSocket {
  public:
    static constexpr std::chrono::milliseconds kHello{10'000};

    // The line is not listened to any more: nothing it says is lost.
    using Came = std::function<void(std::unique_ptr<Channel> line, Json hello)>;

    UpgradeSocket(boost::asio::any_io_executor executor, std::string path, Came came);
    ~UpgradeSocket();
    UpgradeSocket(const UpgradeSocket&) = delete;
    UpgradeSocket& operator=(const UpgradeSocket&) = delete;

    void open();
    void close();
    void remove();
    // The program says it, and ends.
    static void refuse(Channel& line, const std::string& why);

  private:
    void wait();
    void take_one();
    void heard(Message message);
    void forget();

    const boost::asio::any_io_executor executor_;
    const std::string path_;
    const Came came_;
    std::unique_ptr<boost::asio::posix::stream_descriptor> listening_;
    std::unique_ptr<Channel> caller_;  // has said nothing yet
    boost::asio::steady_timer limit_;
    std::shared_ptr<char> alive_ = std::make_shared<char>();
};

// A line to the process that listens there, for one that is to take its place.
Result<switchyard::net::Descriptor> call_at(const std::string& path);

}  // namespace switchyard::control::upgrade
