#include "bench/yardbench/verbs/watched_run.h"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <cstdio>

namespace yardbench {
namespace {

volatile std::sig_atomic_t g_interrupted = 0;

constexpr Nanos kTick = 50 * kMillisecond;
constexpr Nanos kTerminalEvery = kSecond / 4;
constexpr Nanos kPlainEvery = 5 * kSecond;

class ProgressLine {
  public:
    explicit ProgressLine(bool quiet) : quiet_(quiet), terminal_(::isatty(STDERR_FILENO) == 1), last_(now()) {}

    void show(const Engine& engine) {
        const Nanos t = now();
        if (quiet_ || t - last_ < (terminal_ ? kTerminalEvery : kPlainEvery)) return;
        const Engine::Progress progress = engine.progress();
        const double rate = static_cast<double>(progress.finished - finished_) / (static_cast<double>(t - last_) / 1e9);
        fmt::print(stderr, "{}{:6.1f} s  {:>10} requests  {:>8.0f} per second  {} failed{}",
                   terminal_ ? "\r\033[K" : "", static_cast<double>(t - engine.started_at()) / 1e9, progress.finished,
                   rate, progress.failed, terminal_ ? "" : "\n");
        std::fflush(stderr);
        finished_ = progress.finished;
        last_ = t;
        shown_ = true;
    }
    void clear() const {
        if (terminal_ && shown_) fmt::print(stderr, "\r\033[K");
    }

  private:
    const bool quiet_;
    const bool terminal_;
    Nanos last_;
    std::uint64_t finished_ = 0;
    bool shown_ = false;
};

}  // namespace

bool interrupted() {
    return g_interrupted != 0;
}

void install_interrupt() {
    struct sigaction action {};
    // The second Ctrl-C ends the program at once.
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    action.sa_handler = [](int) { g_interrupted = 1; };
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
}

Watched run_watched(Engine& engine, bool quiet, const std::function<void()>& tick) {
    install_interrupt();
    ProgressLine line(quiet);
    boost::asio::io_context io(1);
    boost::asio::steady_timer timer(io);
    bool stopped = false;
    std::function<void()> turn = [&] {
        if (!engine.running()) return;
        if (interrupted() && !stopped) {
            stopped = true;
            engine.stop();
        }
        line.show(engine);
        if (tick) tick();
        timer.expires_at(as_time_point(now() + kTick));
        timer.async_wait([&](boost::system::error_code) { turn(); });
    };
    engine.start();
    turn();
    io.run();
    line.clear();
    return {engine.join(), interrupted()};
}

}  // namespace yardbench
