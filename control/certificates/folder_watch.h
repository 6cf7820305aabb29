// Tells when something in one of several folders may have changed (inotify).
//
// A hint and no more: what inotify does not see (a network's disk, what lies behind a link, a folder that comes later)
// is found by the regular look. Several events within kSettle are one piece of news.
// Threads: control. Owns: the inotify descriptor. Errors: a kernel that refuses is said once in the log.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <string>

namespace switchyard::control {

class FolderWatch {
  public:
    // A chain and its key are written one after the other.
    static constexpr std::chrono::milliseconds kSettle{200};

    FolderWatch(const boost::asio::any_io_executor& executor, std::function<void()> news);
    ~FolderWatch();
    FolderWatch(const FolderWatch&) = delete;
    FolderWatch& operator=(const FolderWatch&) = delete;

    // These, and no others. Also for one that was not there the last time.
    void follow(const std::set<std::string>& folders);

  private:
    struct Members;
    std::shared_ptr<Members> members_;
};

}  // namespace switchyard::control
