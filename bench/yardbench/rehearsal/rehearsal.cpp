#include "bench/yardbench/rehearsal/rehearsal.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <thread>

#include "bench/yardbench/report/figures.h"

namespace yardbench {
namespace {

constexpr Nanos kLongestNap = 20 * kMillisecond;  // how late cancel() may be noticed

}  // namespace

void Rehearsal::tell(const std::string& line) const {
    fmt::print("{:6.1f} s  {}\n", static_cast<double>(now() - begun_) / 1e9, line);
    std::fflush(stdout);
}

// What came in since it was last told.
void Rehearsal::tell_counts(const char* when) {
    std::array<std::uint64_t, 4> total{};
    for (std::size_t i = 0; i < total.size(); ++i) total[i] = counts_.by_colour[i].load(std::memory_order_relaxed);
    const std::uint64_t from = total[1] - last_counts_[1], to = total[2] - last_counts_[2];
    last_counts_ = total;
    const double share = from + to == 0 ? 0 : 100.0 * static_cast<double>(to) / static_cast<double>(from + to);
    tell(fmt::format("  {}: {} answered by {}, {} by {} ({:.1f} %); {} failed so far", when, from, settings_.from, to,
                     settings_.to, share, counts_.failed.load(std::memory_order_relaxed)));
}

bool Rehearsal::wait(Nanos length) {
    for (const Nanos until = now() + length; now() < until;) {
        if (cancelled_) {
            broken_ = "interrupted";
            return false;
        }
        std::this_thread::sleep_for(std::chrono::nanoseconds(std::min(kLongestNap, until - now())));
    }
    return true;
}

bool Rehearsal::canary() {
    HttpCall call(settings_.target);
    for (unsigned i = 0; i < settings_.canary_requests; ++i) {
        const HttpAnswer answer = call("GET", settings_.target.path, {settings_.canary_header}, "");
        canary_right_ += answer.status == 200 && call.header(settings_.colour_header) == settings_.to;
    }
    tell(fmt::format("canary: {} of {} requests with '{}' were answered by {}", canary_right_,
                     settings_.canary_requests, settings_.canary_header, settings_.to));
    return true;
}

bool Rehearsal::change(const char* what, const SwitchAnswer& answer) {
    answers_.push_back(answer);
    if (!answer.ok) {
        broken_ = fmt::format("{}: {}", what, answer.detail);
        tell("REFUSED " + broken_);
        return false;
    }
    tell(fmt::format("{}: answered in {}, generation {} in force on every worker", what,
                     duration_text(answer.answered - answer.asked), answer.generation));
    return true;
}

bool Rehearsal::kill_process() {
    if (settings_.kill_pid == 0) return true;
    killed_at_ = now();
    if (::kill(settings_.kill_pid, SIGKILL) != 0) {
        broken_ = fmt::format("kill -9 {}: {}", settings_.kill_pid, std::strerror(errno));
        return false;
    }
    tell(fmt::format("kill -9 {} ({})", settings_.kill_pid, settings_.kill_name));
    return true;
}

void Rehearsal::perform() {
    begun_ = now();
    tell(fmt::format("load begins: all traffic on {}", settings_.from));
    std::string error;
    if (!wait(settings_.pause)) return;
    const std::uint64_t before = admin_.generation(error);
    if (before == 0) {
        broken_ = "status: " + error;
        return;
    }
    tell_counts("before");
    if (!canary() || !wait(settings_.pause / 2)) return;
    tell_counts("while the canary was tried");
    const std::string share = fmt::format("split {} {} %, {} {} %", settings_.from, 100 - settings_.split_percent,
                                          settings_.to, settings_.split_percent);
    if (!change(share.c_str(), admin_.split(settings_.route, settings_.from, 100 - settings_.split_percent,
                                            settings_.to, settings_.split_percent)))
        return;
    if (!wait(settings_.pause)) return;
    tell_counts("split");
    split_until_ = now();
    if (!change(fmt::format("switch to {}", settings_.to).c_str(), admin_.switch_to(settings_.route, settings_.to)))
        return;
    if (!wait(settings_.pause)) return;
    tell_counts("switched");
    if (!kill_process() || !wait(settings_.pause)) return;
    tell_counts("after the kill");
    if (!change(fmt::format("undo to generation {}, {}", before, settings_.from).c_str(),
                admin_.undo(before, settings_.from)))
        return;
    if (!wait(settings_.pause)) return;
    tell_counts("undone");
}

}  // namespace yardbench
