#include "control/file_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>

#include "proxy/base/log.h"

namespace switchyard::control {
namespace {

// An editor writes in several steps; half a file is not worth reading.
constexpr std::chrono::milliseconds kSettle{200};

}  // namespace

struct FileWatch::Members : std::enable_shared_from_this<FileWatch::Members> {
    Members(const boost::asio::any_io_executor& executor, int fd, std::string name_, std::function<void()> changed_)
        : descriptor(executor, fd), settle(executor), name(std::move(name_)), changed(std::move(changed_)) {}

    boost::asio::posix::stream_descriptor descriptor;
    boost::asio::steady_timer settle;
    const std::string name;
    const std::function<void()> changed;
    alignas(inotify_event) std::array<char, 4096> buffer{};

    void read() {
        descriptor.async_read_some(boost::asio::buffer(buffer),
                                   [self = shared_from_this()](boost::system::error_code ec, std::size_t bytes) {
                                       if (ec) return;
                                       self->look(bytes);
                                       self->read();
                                   });
    }
    void look(std::size_t bytes) {
        bool ours = false;
        for (std::size_t at = 0; at + sizeof(inotify_event) <= bytes;) {
            inotify_event event;
            std::memcpy(&event, buffer.data() + at, sizeof event);
            if (event.len > 0 && name == buffer.data() + at + sizeof event) ours = true;
            at += sizeof event + event.len;
        }
        if (!ours) return;
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
    auto members = std::make_shared<Members>(executor, fd, absolute.filename().string(), std::move(changed));
    members->read();
    return std::unique_ptr<FileWatch>(new FileWatch(members));
}

}  // namespace switchyard::control
