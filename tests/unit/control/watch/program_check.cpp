// Checks by programs, against real ones.
#include "control/watch/program_check.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include "config/model.h"
#include "control/watch/health_checker.h"

using namespace switchyard;
using namespace switchyard::control;
using namespace std::chrono_literals;

namespace {

struct Folder {
    std::filesystem::path path;
    Folder() {
        std::string name = (std::filesystem::temp_directory_path() / "program-check-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path = name;
    }
    ~Folder() { std::filesystem::remove_all(path); }
    std::string file(const std::string& name) const { return (path / name).string(); }
};

std::string text_of(const std::string& path) {
    std::ostringstream out;
    out << std::ifstream(path).rdbuf();
    return out.str();
}

struct Runner {
    boost::asio::io_context io;

    template <class Done>
    void until(Done done) {
        const auto deadline = std::chrono::steady_clock::now() + 20s;
        while (!done()) {
            REQUIRE(std::chrono::steady_clock::now() < deadline);
            io.restart();
            io.run_one_for(20ms);
        }
    }
    CheckResult run(std::vector<std::string> words, std::chrono::milliseconds limit = 10s,
                    std::vector<std::string> environment = {}) {
        std::optional<CheckResult> out;
        boost::asio::co_spawn(io, check_by_program({std::move(words), std::move(environment)}, limit),
                              [&](std::exception_ptr wrong, CheckResult result) {
                                  CHECK(wrong == nullptr);
                                  out = std::move(result);
                              });
        until([&] { return out.has_value(); });
        return *out;
    }
};

}  // namespace

TEST_CASE("a program that ends with 0 is well; else it is said how it ended") {
    Runner runner;
    CHECK(runner.run({"/bin/true"}).ok);
    auto result = runner.run({"/bin/false"});
    CHECK_FALSE(result.ok);
    CHECK_FALSE(result.says_nothing);
    CHECK(result.detail == "the program ended with exit code 1");
    CHECK(runner.run({"/bin/sh", "-c", "exit 42"}).detail == "the program ended with exit code 42");
    CHECK(runner.run({"/bin/sh", "-c", "kill -TERM $$"}).detail == "the program was ended by signal 15");
    result = runner.run({"/nowhere/check"});
    CHECK_FALSE(result.ok);
    CHECK_FALSE(result.says_nothing);
    CHECK(result.detail == "/nowhere/check cannot be started: No such file or directory");
    CHECK(programs_under_way() == 0);
}

TEST_CASE("a program that takes too long is killed with all that it has started, and reaped") {
    Runner runner;
    const Folder folder;
    const auto pids = folder.file("pids");
    // Two sleeps far beyond the test: one of its own, one of a child; none outlives the check.
    const auto result =
        runner.run({"/bin/sh", "-c", "sleep 600 & echo $! >$0.new; echo $$ >>$0.new; mv $0.new $0; wait", pids}, 300ms);
    CHECK_FALSE(result.ok);
    CHECK(result.detail == "the program did not end within 300ms and was killed");
    runner.until([] { return programs_under_way() == 0; });
    std::istringstream written(text_of(pids));
    pid_t child = 0, itself = 0;
    if (written >> child >> itself) {  // a machine that is very slow may not have come so far
        runner.until([&] { return ::kill(itself, 0) != 0; });
        runner.until([&] {
            // An orphan that is dead is another's to reap.
            const auto stat = text_of("/proc/" + std::to_string(child) + "/stat");
            return stat.empty() || stat.find(") Z ") != std::string::npos || stat.find("sleep") == std::string::npos;
        });
    }
}

TEST_CASE("what a program leaves running ends with it") {
    Runner runner;
    const Folder folder;
    const auto pid = folder.file("pid");
    CHECK(runner.run({"/bin/sh", "-c", "sleep 600 & echo $! >$0", pid}).ok);
    const auto child = std::stoi(text_of(pid));
    runner.until([&] {
        const auto stat = text_of("/proc/" + std::to_string(child) + "/stat");
        return stat.empty() || stat.find(") Z ") != std::string::npos || stat.find("sleep") == std::string::npos;
    });
}

TEST_CASE("its arguments are as they are written, its environment is its own, and nothing of ours is open in it") {
    Runner runner;
    const Folder folder;
    const auto out = folder.file("seen");
    ::setenv("SWITCHYARD_SECRET", "do not tell", 1);
    const int ours = ::dup(1);  // without close-on-exec
    const std::string script =
        "{ env; echo args:$#:$1:; echo cwd:$(pwd); echo fds:$(ls /proc/self/fd | tr '\\n' ' '); "
        "grep NoNewPrivs /proc/self/status; grep CapAmb /proc/self/status; "
        "echo in:$(cat | wc -c); } >$0";
    CHECK(runner.run({"/bin/sh", "-c", script, out, "a b; $(touch /tmp/x) *"}, 10s, {"PATH=/usr/bin:/bin", "A=b"}).ok);
    ::close(ours);
    ::unsetenv("SWITCHYARD_SECRET");
    const auto seen = text_of(out);
    CAPTURE(seen);
    CHECK(seen.find("A=b\n") != std::string::npos);
    CHECK(seen.find("do not tell") == std::string::npos);
    CHECK(seen.find("args:1:a b; $(touch /tmp/x) *:\n") != std::string::npos);
    CHECK(seen.find("cwd:/\n") != std::string::npos);
    // 3 is the folder that ls reads.
    CHECK(seen.find("fds:0 1 2 3\n") != std::string::npos);
    CHECK(seen.find("NoNewPrivs:\t1\n") != std::string::npos);
    CHECK(seen.find("CapAmb:\t0000000000000000\n") != std::string::npos);
    CHECK(seen.find("in:0\n") != std::string::npos);
}

TEST_CASE("more programs than may run at once are not asked, and say nothing") {
    Runner runner;
    std::vector<std::optional<CheckResult>> results(kMostPrograms + 1);
    for (unsigned i = 0; i < kMostPrograms; ++i)
        boost::asio::co_spawn(runner.io, check_by_program({{"/bin/sleep", "600"}, {}}, 15s),
                              [&, i](std::exception_ptr, CheckResult result) { results[i] = std::move(result); });
    runner.until([] { return programs_under_way() == kMostPrograms; });
    const auto one_more = runner.run({"/bin/true"});
    CHECK(one_more.says_nothing);
    CHECK(one_more.detail == "64 programs of checks are running already");
}

TEST_CASE("an endpoint is what the program that its upstream names says of it") {
    Runner runner;
    const Folder folder;
    const auto flag = folder.file("well"), seen = folder.file("seen");
    std::map<std::string, std::shared_ptr<upstream::EndpointState>> states;
    std::vector<HealthChecker::Transition> transitions;
    HealthChecker checker(
        runner.io.get_executor(),
        [&](const std::string& u, const std::string& a) {
            auto& state = states[u + " " + a];
            if (!state) state = std::make_shared<upstream::EndpointState>(1, u, a);
            return state;
        },
        [&](HealthChecker::Transition t) { transitions.push_back(std::move(t)); });
    config::Model model;
    model.process.checks["well"] = {"/bin/sh", "-c",
                                    "echo $SWITCHYARD_UPSTREAM $SWITCHYARD_ENDPOINT $SWITCHYARD_HOST $SWITCHYARD_PORT "
                                    ">$1.new; mv $1.new $1; test -e $0",
                                    flag, seen};
    auto& upstream = model.upstreams["blue"];
    upstream.endpoints.push_back({*config::Address::parse("127.0.0.1:9"), 1, 0, false, config::EndpointState::up});
    upstream.health.type = config::Health::Type::exec;
    upstream.health.check = "well";
    upstream.health.port = 77;
    upstream.health.interval = 20ms;
    upstream.health.timeout = 10s;
    upstream.health.rise = upstream.health.fall = 1;
    checker.follow(model);
    runner.until([&] { return !transitions.empty(); });
    CHECK_FALSE(transitions[0].up);
    CHECK(transitions[0].detail == "the program ended with exit code 1");
    CHECK(text_of(seen) == "blue 127.0.0.1:9 127.0.0.1 77\n");
    std::ofstream(flag) << "x";
    runner.until([&] { return states.begin()->second->healthy(); });
    std::filesystem::remove(flag);
    runner.until([&] { return !states.begin()->second->healthy(); });
    checker.stop();
    runner.until([] { return programs_under_way() == 0; });
}
