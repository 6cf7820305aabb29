#include "proxy/base/log.h"

#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <ctime>

namespace switchyard {
namespace {

std::atomic<LogLevel> threshold{LogLevel::info};
std::atomic<bool> as_json{true};
std::atomic<unsigned> dropped{0};  // for want of room, since a line last found it

constexpr std::string_view kNames[] = {"debug", "info", "warn", "error"};

std::string escaped(std::string_view text) {
    std::string out;
    for (char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
            out += c;
        }
    }
    return out;
}

}  // namespace

void log_configure(LogLevel level, bool json) {
    threshold = level;
    as_json = json;
}

bool log_enabled(LogLevel level) {
    return level >= threshold.load(std::memory_order_relaxed);
}

void log_line(LogLevel level, std::string_view message) {
    if (!log_enabled(level)) return;
    const auto now = std::chrono::system_clock::now();
    const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count();
    const std::time_t seconds = micros / 1'000'000;
    tm parts{};
    ::gmtime_r(&seconds, &parts);
    char time[32];
    std::strftime(time, sizeof time, "%Y-%m-%dT%H:%M:%S", &parts);
    const auto name = kNames[static_cast<unsigned>(level)];
    const std::string line = as_json ? fmt::format("{{\"time\":\"{}.{:06}Z\",\"level\":\"{}\",\"message\":\"{}\"}}\n",
                                                   time, micros % 1'000'000, name, escaped(message))
                                     : fmt::format("{}.{:06}Z {:5} {}\n", time, micros % 1'000'000, name, message);
    // A pipe that is not emptied must not hold the thread that logs, and that may be a worker.
    pollfd room{STDERR_FILENO, POLLOUT, 0};
    if (::poll(&room, 1, 0) != 1) {
        dropped.fetch_add(1, std::memory_order_relaxed);
        return;
    }
    if (const unsigned lost = dropped.exchange(0, std::memory_order_relaxed); lost != 0)
        log_line(LogLevel::error, fmt::format("{} lines were dropped here: standard error took no more", lost));
    // One write, so that lines of several threads do not mix. There is no place to tell of it when it fails.
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace switchyard
