// A crash or a failure at every operation of the store, for every N: no acknowledged generation is ever lost.
#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <string>

#include "control/store/store.h"
#include "tests/support/fault_vfs.h"
#include "tests/unit/control/store/commit_of.h"
#include "tests/unit/control/store/scratch_dir.h"

using namespace switchyard::control;

namespace {

constexpr std::uint64_t kCommits = 6;
// Far more operations than opening and six commits take.
constexpr std::uint64_t kMost = 400;

// Opens, commits, and tells through the pipe after each acknowledgement. Runs in a child process.
[[noreturn]] void child(const std::string& path, std::uint64_t nth, int acknowledged) {
    fault_vfs::install();
    fault_vfs::arm(fault_vfs::Mode::die, nth);
    {
        auto opened = Store::open(path, {fault_vfs::kName});
        if (!opened) ::_exit(2);
        for (std::uint64_t n = 1; n <= kCommits; ++n) {
            if (!opened->store->commit(commit_of(n))) ::_exit(3);
            const char byte = static_cast<char>(n);
            if (::write(acknowledged, &byte, 1) != 1) ::_exit(4);
        }
    }
    ::_exit(0);
}

// Runs `body` in a process of its own, which it must end itself; gives what it wrote, and how it ended.
std::string in_child(const std::function<void(int out)>& body, int& status) {
    int pipe[2];
    REQUIRE(::pipe(pipe) == 0);
    const pid_t pid = ::fork();
    REQUIRE(pid >= 0);
    if (pid == 0) body(pipe[1]);
    ::close(pipe[1]);
    std::string said;
    char byte = 0;
    while (::read(pipe[0], &byte, 1) == 1) said += byte;
    ::close(pipe[0]);
    REQUIRE(::waitpid(pid, &status, 0) == pid);
    return said;
}

}  // namespace

TEST_CASE("killed at any operation, the last acknowledged generation is there and the audit is whole") {
    bool finished = false;
    for (std::uint64_t nth = 1; !finished; ++nth) {
        CAPTURE(nth);
        REQUIRE(nth < kMost);
        ScratchDir dir;
        int status = 0;
        const std::string said = in_child([&](int out) { child(dir / "db", nth, out); }, status);
        const std::uint64_t acknowledged = said.empty() ? 0 : static_cast<std::uint64_t>(said.back());
        finished = WIFEXITED(status);
        if (finished) REQUIRE(WEXITSTATUS(status) == 0);
        if (!finished) REQUIRE(WTERMSIG(status) == SIGKILL);

        auto opened = Store::open(dir / "db");
        REQUIRE(opened.has_value());
        const auto newest = *opened->store->newest();
        const std::uint64_t found = newest ? newest->number : 0;
        // Killed between the ledger and the first generation ever, it cannot know that there was none.
        if (found > 0) CHECK(opened->notice == "");
        // One more than acknowledged: killed after it was durable and before it could say so.
        CHECK(found >= acknowledged);
        CHECK(found <= acknowledged + 1);
        if (newest) CHECK(newest->config == commit_of(found).generation.config);
        const auto verdict = *opened->store->verify_audit();
        CHECK(verdict.intact);
        CHECK(verdict.entries == found);
        CHECK(opened->store->commit(commit_of(found + 1)).has_value());
    }
}

TEST_CASE("an operation that fails refuses the change with the reason and changes nothing") {
    fault_vfs::install();
    for (const auto mode : {fault_vfs::Mode::fail_once, fault_vfs::Mode::fail_for_ever}) {
        bool worked = false;
        for (std::uint64_t nth = 1; !worked; ++nth) {
            CAPTURE(nth);
            REQUIRE(nth < kMost);
            ScratchDir dir;
            fault_vfs::arm(fault_vfs::Mode::off, 0);
            auto opened = Store::open(dir / "db", {fault_vfs::kName});
            REQUIRE(opened.has_value());
            auto& store = *opened->store;
            REQUIRE(store.commit(commit_of(1)).has_value());

            fault_vfs::arm(mode, nth);
            const auto second = store.commit(commit_of(2));
            worked = second.has_value() && fault_vfs::operations() < nth;
            fault_vfs::arm(fault_vfs::Mode::off, 0);
            if (!second.has_value()) {
                CHECK((second.error().status == 507 || second.error().status == 500));
                CHECK(second.error().detail.find("nothing was changed") != std::string::npos);
            }
            const std::uint64_t in_force = second.has_value() ? 2 : 1;
            CHECK((**store.newest()).number == in_force);
            CHECK((*store.verify_audit()).intact);
            // The disk has room again: the next change is made as if nothing had been.
            CHECK(store.commit(commit_of(in_force + 1)).has_value());
            CHECK((*store.verify_audit()).entries == in_force + 1);
        }
    }
}

TEST_CASE("a refused change does not come into force after a crash, at whatever operation it failed") {
    fault_vfs::install();
    bool worked = false;
    for (std::uint64_t nth = 1; !worked; ++nth) {
        CAPTURE(nth);
        REQUIRE(nth < kMost);
        ScratchDir dir;
        int status = 0;
        const auto refused_and_killed = [&](int out) {
            auto opened = Store::open(dir / "db", {fault_vfs::kName});
            if (!opened || !opened->store->commit(commit_of(1))) ::_exit(2);
            fault_vfs::arm(fault_vfs::Mode::fail_once, nth);
            const char answer = opened->store->commit(commit_of(2)).has_value() ? 'y' : 'n';
            const char struck = fault_vfs::operations() < nth ? 'n' : 'y';
            if (::write(out, &answer, 1) != 1 || ::write(out, &struck, 1) != 1) ::_exit(3);
            ::kill(::getpid(), SIGKILL);
        };
        const std::string said = in_child(refused_and_killed, status);
        REQUIRE(said.size() == 2);
        const char answer = said[0], struck = said[1];
        REQUIRE(WIFSIGNALED(status));
        worked = struck == 'n';
        auto opened = Store::open(dir / "db");
        REQUIRE(opened.has_value());
        CHECK((**opened->store->newest()).number == (answer == 'y' ? 2 : 1));
        CHECK((*opened->store->verify_audit()).intact);
    }
}

TEST_CASE("a full disk is a 507") {
    fault_vfs::install();
    fault_vfs::arm(fault_vfs::Mode::off, 0);
    ScratchDir dir;
    auto opened = Store::open(dir / "db", {fault_vfs::kName});
    REQUIRE(opened.has_value());
    fault_vfs::arm(fault_vfs::Mode::fail_for_ever, 1);
    const auto refused = opened->store->commit(commit_of(1));
    fault_vfs::arm(fault_vfs::Mode::off, 0);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().status == 507);
    CHECK(refused.error().detail.find("make room") != std::string::npos);
}
