#include "control/watch/program_check.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/wait.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

#include "control/base/disk_errands.h"
#include "control/watch/check_process.h"

namespace switchyard::control {
namespace {

namespace asio = boost::asio;
using std::chrono::steady_clock;
constexpr auto kCoroutine = asio::as_tuple(asio::use_awaitable);

unsigned under_way = 0;  // of control's thread

}  // namespace

// Not in the unnamed namespace: they live in the frames of coroutines that have external linkage.
// One of kMostPrograms, until its process has been reaped.
class ProgramPlace {
  public:
    ProgramPlace() { ++under_way; }
    ProgramPlace(ProgramPlace&& other) noexcept : held_(std::exchange(other.held_, false)) {}
    ~ProgramPlace() { under_way -= held_; }
    ProgramPlace(const ProgramPlace&) = delete;
    ProgramPlace& operator=(const ProgramPlace&) = delete;
    ProgramPlace& operator=(ProgramPlace&&) = delete;

  private:
    bool held_ = true;
};

// A program that is being started, however long a disk hangs.
struct StartingProgram {
    explicit StartingProgram(const asio::any_io_executor& executor)
        : wake(executor), beside([executor](std::function<void()> done) { asio::post(executor, std::move(done)); }) {}
    asio::steady_timer wake;
    DiskErrands beside;
    std::optional<CheckProcess> process;
    ProgramPlace place;
};

// Its end, or that of its time.
struct ProgramWatch {
    ProgramWatch(const asio::any_io_executor& executor, int descriptor)
        : ended(executor, descriptor), limit(executor) {}
    // It stays the process's.
    ~ProgramWatch() { let_go(); }
    void let_go() {
        if (ended.is_open()) ended.release();
    }
    ProgramWatch(const ProgramWatch&) = delete;
    ProgramWatch& operator=(const ProgramWatch&) = delete;
    asio::posix::stream_descriptor ended;
    asio::steady_timer limit;
};

namespace {

// One that is to end; where it does not die it is waited for all the same.
asio::awaitable<void> end_process(CheckProcess process, ProgramPlace place) {
    process.kill();
    const auto executor = co_await asio::this_coro::executor;
    ProgramWatch watch(executor, process.watch());
    co_await watch.ended.async_wait(asio::posix::stream_descriptor::wait_read, kCoroutine);
    watch.let_go();
    process.reap();
    static_cast<void>(place);
}

CheckResult check_failed(std::string why) {
    return {false, false, std::move(why), false};
}

CheckResult not_started(const std::string& path, int error) {
    const bool shortage = error == EAGAIN || error == ENOMEM || error == EMFILE || error == ENFILE;
    return {false, shortage, fmt::format("{} cannot be started: {}", path, std::strerror(error)), false};
}

CheckResult verdict_on(int status) {
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {true, false, {}, false};
    if (WIFEXITED(status)) return check_failed(fmt::format("the program ended with exit code {}", WEXITSTATUS(status)));
    return check_failed(fmt::format("the program was ended by signal {}", WTERMSIG(status)));
}

asio::awaitable<std::shared_ptr<StartingProgram>> started_program(const CheckProgram& program,
                                                                  steady_clock::time_point until) {
    const auto executor = co_await asio::this_coro::executor;
    auto out = std::make_shared<StartingProgram>(executor);
    out->wake.expires_at(until);
    // Not after `out` has gone, which owns what would call it.
    const bool begun = out->beside.run<CheckProcess>([program] { return CheckProcess::start(program); },
                                                     [to = out.get()](CheckProcess process) {
                                                         to->process = std::move(process);
                                                         to->wake.cancel();
                                                     });
    if (!begun) co_return nullptr;
    if (!out->process) co_await out->wake.async_wait(kCoroutine);
    co_return out;
}

// One whose time was over before it had begun: it ends as soon as it has.
asio::awaitable<void> end_late(std::shared_ptr<StartingProgram> starting) {
    starting->wake.expires_at(steady_clock::time_point::max());
    if (!starting->process) co_await starting->wake.async_wait(kCoroutine);
    if (!starting->process || starting->process->watch() < 0) co_return;
    CheckProcess process = std::move(*starting->process);
    co_await end_process(std::move(process), std::move(starting->place));
}

}  // namespace

unsigned programs_under_way() {
    return under_way;
}

asio::awaitable<CheckResult> check_by_program(CheckProgram program, std::chrono::milliseconds limit) {
    if (program.words.empty())
        // No verdict: a process that another one has followed takes up what it has no program for.
        co_return CheckResult{false, true,
                              "process.checks has no such program yet: what is in force since the start holds; restart",
                              false};
    if (under_way >= kMostPrograms)
        co_return CheckResult{false, true, fmt::format("{} programs of checks are running already", kMostPrograms),
                              false};
    const auto until = steady_clock::now() + limit;
    const auto executor = co_await asio::this_coro::executor;
    auto starting = co_await started_program(program, until);
    if (!starting) co_return CheckResult{false, true, "no thread could be made that starts the program", false};
    if (!starting->process) {
        asio::co_spawn(executor, end_late(std::move(starting)), asio::detached);
        co_return check_failed(
            fmt::format("{} was not started within {}: its disk hangs", program.words.front(), limit));
    }
    CheckProcess process = std::move(*starting->process);
    ProgramPlace place = std::move(starting->place);
    starting.reset();
    if (process.error() != 0) co_return not_started(program.words.front(), process.error());
    bool late = false;
    {
        const auto watch = std::make_shared<ProgramWatch>(executor, process.watch());
        watch->limit.expires_at(until);
        watch->limit.async_wait([watch](boost::system::error_code ec) {
            boost::system::error_code over;
            if (!ec) watch->ended.cancel(over);
        });
        auto [ec] = co_await watch->ended.async_wait(asio::posix::stream_descriptor::wait_read, kCoroutine);
        late = static_cast<bool>(ec);
        watch->limit.cancel();
        watch->let_go();
    }
    if (!late) co_return verdict_on(process.reap());
    asio::co_spawn(executor, end_process(std::move(process), std::move(place)), asio::detached);
    co_return check_failed(fmt::format("the program did not end within {} and was killed", limit));
}

}  // namespace switchyard::control
