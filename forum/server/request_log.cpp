#include "forum/server/request_log.h"

#include <unistd.h>

#include <chrono>

#include "forum/api/json_text.h"

namespace forum {

namespace {

constexpr auto kGather = std::chrono::milliseconds(100);
// A reader of the log that does not keep up costs lines, not memory.
constexpr std::size_t kPendingMax = 8 * 1'024 * 1'024;
constexpr std::size_t kPendingSoon = 64 * 1'024;

void write_all(std::string_view text) {
    while (!text.empty()) {
        const ssize_t count = ::write(STDERR_FILENO, text.data(), text.size());
        if (count <= 0) return;
        text.remove_prefix(static_cast<std::size_t>(count));
    }
}

}  // namespace

RequestLog::RequestLog() : thread_([this] { work(); }) {}

RequestLog::~RequestLog() {
    {
        const std::lock_guard guard(mutex_);
        stopping_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

void RequestLog::line(std::string_view json) {
    const std::lock_guard guard(mutex_);
    if (pending_.size() > kPendingMax) return;
    pending_ += json;
    pending_ += '\n';
    if (pending_.size() > kPendingSoon) changed_.notify_one();
}

void RequestLog::event(std::string_view level, std::string_view event,
                       const std::vector<std::pair<std::string_view, std::string>>& members) {
    JsonText json;
    json.begin_object().key("time").instant(now()).member("level", level).member("event", event);
    for (const auto& [name, text] : members) json.member(name, text);
    json.end_object();
    line(json.text());
}

void RequestLog::work() {
    std::unique_lock lock(mutex_);
    while (!stopping_ || !pending_.empty()) {
        changed_.wait_for(lock, kGather, [&] { return stopping_ || pending_.size() > kPendingSoon; });
        std::string lines;
        lines.swap(pending_);
        lock.unlock();
        write_all(lines);
        lock.lock();
    }
}

}  // namespace forum
