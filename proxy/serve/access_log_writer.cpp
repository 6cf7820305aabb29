#include "proxy/serve/access_log_writer.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>

#include "proxy/base/log.h"

namespace switchyard::serve {
namespace {

constexpr int kLookEveryMs = 100;  // a line is in the file after at most this long
constexpr mode_t kMode = 0640;     // requests are no other user's business

int open_path(const std::string& path) {
    if (path == "-") return ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
    return ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, kMode);
}

// A pipe or terminal may block the thread for ever; in pieces that poll() has promised to fit it does not.
bool needs_small_pieces(int file) {
    struct stat what {};
    return ::fstat(file, &what) == 0 && !S_ISREG(what.st_mode);
}

}  // namespace

std::unique_ptr<AccessLogWriter> AccessLogWriter::open(const std::string& path, unsigned workers, std::string* why,
                                                       std::size_t ring_bytes) {
    const int file = open_path(path);
    const int wake = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (file < 0 || wake < 0) {
        *why = "cannot open the access log " + path + ": " + std::strerror(errno);
        if (file >= 0) ::close(file);
        if (wake >= 0) ::close(wake);
        return nullptr;
    }
    return std::unique_ptr<AccessLogWriter>(new AccessLogWriter(path, file, wake, workers, ring_bytes));
}

AccessLogWriter::AccessLogWriter(std::string path, int file, int wake, unsigned workers, std::size_t ring_bytes)
    : path_(std::move(path)), file_(file), wake_(wake), in_small_pieces_(needs_small_pieces(file)) {
    for (unsigned i = 0; i < workers; ++i) rings_.push_back(std::make_unique<AccessLogRing>(wake_, ring_bytes));
    // Signals belong to the main thread.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    thread_ = std::thread([this] { run(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

AccessLogWriter::~AccessLogWriter() {
    stop();
    ::close(file_);
    ::close(wake_);
}

void AccessLogWriter::reopen() {
    reopen_.store(true);
    ::eventfd_write(wake_, 1);
}

void AccessLogWriter::stop() {
    if (!thread_.joinable()) return;
    stop_.store(true);
    ::eventfd_write(wake_, 1);
    thread_.join();
}

void AccessLogWriter::run() {
    pthread_setname_np(pthread_self(), "access-log");
    for (;;) {
        const bool last = stop_.load();
        if (reopen_.exchange(false)) open_again();
        const bool all = write_pending();
        if (last) {
            if (!all) log_error("access log {}: lines are lost at the end: {}", path_, std::strerror(errno));
            return;
        }
        pollfd called{wake_, POLLIN, 0};
        // While the file takes nothing, calls for it would make a busy loop of this.
        if (failing_) called.fd = -1;
        ::poll(&called, 1, kLookEveryMs);
        eventfd_t count;
        ::eventfd_read(wake_, &count);
    }
}

void AccessLogWriter::open_again() {
    write_pending();  // what was logged before belongs into the file of before
    const int next = open_path(path_);
    if (next < 0) {
        log_error("access log: cannot open {} again: {}; the old file stays in use", path_, std::strerror(errno));
        return;
    }
    ::close(file_);
    file_ = next;
    in_small_pieces_ = needs_small_pieces(file_);
}

// False when something is left that the file does not take now.
bool AccessLogWriter::write_pending() {
    for (const auto& ring : rings_) {
        // What is pending now, not what is added meanwhile: every worker gets its turn.
        for (std::size_t left = ring->pending().size(); left > 0;) {
            const std::size_t wrote = write_some(*ring);
            if (wrote == 0) return false;
            left -= std::min(left, wrote);
        }
    }
    return true;
}

std::size_t AccessLogWriter::write_some(AccessLogRing& ring) {
    std::string_view block = ring.pending();
    if (in_small_pieces_) {
        pollfd ready{file_, POLLOUT, 0};
        if (::poll(&ready, 1, 0) != 1) return 0;
        block = block.substr(0, PIPE_BUF);
    }
    ssize_t wrote;
    do wrote = ::write(file_, block.data(), block.size());
    while (wrote < 0 && errno == EINTR);
    if (wrote <= 0) {
        if (!failing_)
            log_error("access log {}: {}; lines wait, and are dropped and counted when there are too many", path_,
                      std::strerror(errno));
        failing_ = true;
        return 0;
    }
    if (failing_) log_info("access log {}: writing again", path_);
    failing_ = false;
    ring.written(static_cast<std::size_t>(wrote));
    return static_cast<std::size_t>(wrote);
}

}  // namespace switchyard::serve
