#include "control/net/credential.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <boost/asio/io_context.hpp>
#include <fstream>
#include <semaphore>

#include "tests/unit/control/store/scratch_dir.h"

using namespace switchyard::control::net;
using namespace switchyard;
using namespace std::chrono_literals;
using From = config::Secret::From;

namespace {

struct Reader {
    boost::asio::io_context io{1};
    std::optional<std::string> value;
    std::string why;
    int answers = 0;

    Credential::Done done() {
        return [this](std::optional<std::string> value_, std::string why_) {
            value = std::move(value_);
            why = std::move(why_);
            ++answers;
        };
    }
    void until(int count) {
        while (answers < count) {
            io.restart();
            io.run_one();
        }
    }
};

}  // namespace

TEST_CASE("a credential is what stands where it is written, read again each time, and never from inside the call") {
    const ScratchDir dir;
    const auto path = dir / "token";
    Reader r;
    Credential written(r.io.get_executor(), config::Secret{"sesame"});
    written.read(r.done());
    CHECK(r.answers == 0);
    r.until(1);
    CHECK(r.value == "sesame");
    Credential file(r.io.get_executor(), {From::file, path});
    file.read(r.done());
    r.until(2);
    CHECK_FALSE(r.value);
    CHECK(r.why == "the file " + path + " cannot be read: No such file or directory");
    for (const char* text : {"first", "second"}) {
        std::ofstream(path) << text << '\n';
        file.read(r.done());
        r.until(r.answers + 1);
        CHECK(r.value == text);
    }
}

TEST_CASE("a file whose disk hangs is said so, blocks nobody, and is read when it has come back") {
    const ScratchDir dir;
    // A thread that opens one of these waits for a writer.
    const auto first = dir / "first", second = dir / "second", third = dir / "third";
    for (const auto& path : {first, second, third}) REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    const auto look = [](const std::string& path) {
        return [path] {
            std::ifstream file(path);
            return std::string{std::istreambuf_iterator<char>(file), {}};
        };
    };
    boost::asio::io_context io{1};
    std::vector<std::optional<std::string>> got;
    const auto take = [&](std::optional<std::string> text) { got.push_back(std::move(text)); };
    const auto until = [&](std::size_t count) {
        while (got.size() < count) {
            io.restart();
            io.run_one();
        }
    };
    PatientRead<std::string> read(io.get_executor(), 1ms);
    read.ask(look(first), take);
    read.ask(look(first), take);
    until(2);
    CHECK(got == std::vector<std::optional<std::string>>(2));
    CHECK(unanswered("it") == "it cannot be read: its disk has not answered for 5 s");
    std::ofstream(first) << "late";  // not waited for any more
    PatientRead<std::string> again(io.get_executor());
    again.ask(look(second), take);
    std::ofstream(second) << "fine";
    until(3);
    CHECK(got.back() == "fine");
    bool told = false;
    std::binary_semaphore begun{0};
    {
        PatientRead<std::string> left(io.get_executor());
        left.ask([look = look(third), &begun] { return begun.release(), look(); }, [&](const auto&) { told = true; });
        begun.acquire();
    }
    std::ofstream(third) << "too late";
    io.restart();
    io.poll();
    CHECK_FALSE(told);
}
