// Tells when the configuration file has changed (inotify).
//
// Watches the folder, not the file: editors replace a file by renaming a new one over it, and a mounted ConfigMap
// exchanges a link on the way to it. Only what leads to another file, or another version of it, counts. Several events
// within kSettle are one change. What is edited in place behind a link to another folder is not seen: use SIGHUP.
// Threads: control. Owns: the inotify descriptor.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <string>

namespace switchyard::control {

class FileWatch {
  public:
    // Null, with a line in the log, when the kernel refuses.
    static std::unique_ptr<FileWatch> start(const boost::asio::any_io_executor& executor, const std::string& path,
                                            std::function<void()> changed);
    ~FileWatch();

  private:
    struct Members;
    explicit FileWatch(std::shared_ptr<Members> members);
    std::shared_ptr<Members> members_;
};

}  // namespace switchyard::control
