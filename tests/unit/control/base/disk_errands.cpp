// A named pipe without a writer is a disk that does not answer: a thread that opens it waits.
#include "control/base/disk_errands.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <fstream>
#include <mutex>
#include <semaphore>
#include <stdexcept>
#include <string>

#include "tests/unit/control/store/scratch_dir.h"

using namespace switchyard::control;

namespace {

constexpr std::chrono::seconds kDeadline{60};

// What is posted, on the thread of the test.
class Loop {
  public:
    DiskErrands::Post post() {
        return [this](std::function<void()> what) {
            const std::lock_guard held(lock_);
            queue_.push_back(std::move(what));
            news_.notify_one();
        };
    }
    void turn() {
        std::unique_lock held(lock_);
        REQUIRE(news_.wait_for(held, kDeadline, [this] { return !queue_.empty(); }));
        const auto next = std::move(queue_.front());
        queue_.pop_front();
        held.unlock();
        next();
    }

  private:
    std::mutex lock_;
    std::condition_variable news_;
    std::deque<std::function<void()>> queue_;
};

std::string text_of(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

struct HangingFile {
    explicit HangingFile(const std::string& path_) : path(path_) { REQUIRE(::mkfifo(path.c_str(), 0600) == 0); }
    // A thread that opens it comes back with this. Waits until one does.
    void answer(const std::string& text) const { std::ofstream(path) << text; }
    const std::string path;
};

}  // namespace

TEST_CASE("errands are done one after the other, and what they bring comes by the loop") {
    Loop loop;
    DiskErrands errands(loop.post());
    std::string got;
    for (const char* part : {"one", " two", " three"})
        CHECK(
            errands.run<std::string>([part] { return std::string(part); }, [&](const std::string& it) { got += it; }));
    CHECK(got.empty());
    for (int i = 0; i < 3; ++i) loop.turn();
    CHECK(got == "one two three");
    CHECK(errands.run<std::string>([]() -> std::string { throw std::runtime_error("bad"); },
                                   [&](const std::string& it) { got = it; }));
    loop.turn();
    CHECK(got.empty());
}

TEST_CASE("one that hangs holds up nobody but those behind it, and is left behind by the end") {
    const ScratchDir dir;
    const HangingFile hanging(dir / "file");
    Loop loop;
    bool told = false;
    std::binary_semaphore begun{0};
    {
        DiskErrands errands(loop.post());
        CHECK(errands.run<std::string>([path = hanging.path, &begun] { return begun.release(), text_of(path); },
                                       [&](const std::string&) { told = true; }));
        CHECK(errands.run<int>([] { return 1; }, [&](int) { told = true; }));
        DiskErrands others(loop.post());
        bool done = false;
        CHECK(others.run<int>([] { return 1; }, [&](int) { done = true; }));
        loop.turn();
        CHECK(done);
        begun.acquire();
    }
    hanging.answer("late");
    CHECK_FALSE(told);
}
