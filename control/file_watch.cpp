#include "control/file_watch.h"

#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <optional>
#include <tuple>

#include "proxy/base/log.h"

namespace switchyard::control {
namespace {

// An editor writes in several steps; half a file is not worth reading.
constexpr std::chrono::milliseconds kSettle{200};

// Which file a path leads to and in which version. Changes of the directory count only when they change this, so that
// a link whose way to the file was exchanged (a mounted ConfigMap) is seen, and a neighbour is not.
using FileVersion = std::tuple<dev_t, ino_t, off_t, time_t, long>;

std::optional<FileVersion> version_of(const std::string& path) {
    struct stat now {};
    if (::stat(path.c_str(), &now) != 0) return std::nullopt;  // between two steps of an editor
    return FileVersion{now.st_dev, now.st_ino, now.st_size, now.st_mtim.tv_sec, now.st_mtim.tv_nsec};
}

}  // namespace

struct FileWatch::Members : std::enable_shared_from_this<FileWatch::Members> {
    Members(const boost::asio::any_io_executor& executor, int fd, std::string path_, std::function<void()> changed_)
        : descriptor(executor, fd),
          settle(executor),
          path(std::move(path_)),
          changed(std::move(changed_)),
          seen(version_of(path)) {}

    boost::asio::posix::stream_descriptor descriptor;
    boost::asio::steady_timer settle;
    const std::string path;
    const std::function<void()> changed;
    std::optional<FileVersion> seen;
    alignas(inotify_event) std::array<char, 4096> buffer{};

    void read() {
        descriptor.async_read_some(boost::asio::buffer(buffer),
                                   [self = shared_from_this()](boost::system::error_code ec, std::size_t) {
                                       if (ec) return;
                                       self->look();
                                       self->read();
                                   });
    }
    // What the events say is not needed; that there was one (or too many to tell) is.
    void look() {
        const auto now = version_of(path);
        if (!now || now == seen) return;
        seen = now;
        settle.expires_after(kSettle);
        settle.async_wait([self = shared_from_this()](boost::system::error_code ec) {
            if (!ec) self->changed();
        });
    }
};

FileWatch::FileWatch(std::shared_ptr<Members> members) : members_(std::move(members)) {}

FileWatch::~FileWatch() {
    members_->settle.cancel();
    boost::system::error_code ignored;  // closing is all that is left to do
    members_->descriptor.close(ignored);
}

std::unique_ptr<FileWatch> FileWatch::start(const boost::asio::any_io_executor& executor, const std::string& path,
                                            std::function<void()> changed) {
    const auto absolute = std::filesystem::absolute(path);
    const int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (fd < 0 || inotify_add_watch(fd, absolute.parent_path().c_str(), IN_CLOSE_WRITE | IN_MOVED_TO) < 0) {
        log_warn("{} is not watched for changes: {}", path, std::strerror(errno));
        if (fd >= 0) ::close(fd);
        return nullptr;
    }
    auto members = std::make_shared<Members>(executor, fd, absolute.string(), std::move(changed));
    members->read();
    return std::unique_ptr<FileWatch>(new FileWatch(members));
}

}  // namespace switchyard::control
