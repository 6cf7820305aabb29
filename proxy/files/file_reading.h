// One file on its way to a client: found, read block by block, closed – each a job for the pool, one at a time.
//
// Invariants: while busy() the pool's thread has it, and the worker looks at nothing else of it. A client that is gone
//   abandons it: what is under way ends by itself, and the file is closed behind it.
// Threads: as FileJob says. Owns: the file and one block of kBlock, both for as long as it lives.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "proxy/files/file_job.h"
#include "proxy/files/find_file.h"
#include "proxy/files/route_files.h"
#include "proxy/net/poller.h"

namespace switchyard::files {

class FileReading final : public FileJob {
  public:
    // What a client takes in one go, and what a thousand of them may cost: 64 MiB.
    static constexpr std::size_t kBlock = 64 * 1024;

    FileReading(std::shared_ptr<const RouteFiles> route, std::string path, std::vector<Precompressed> codings)
        : route_(std::move(route)), path_(std::move(path)), codings_(std::move(codings)) {}

    // Each is done when busy() says no more; `waiter` is woken then.
    void find(net::Waiter& waiter) { begin(Step::find, waiter); }
    void read(net::Waiter& waiter, std::uint64_t offset, std::size_t most) {
        offset_ = offset;
        most_ = most;
        begin(Step::read, waiter);
    }
    // Nothing is told of it.
    void close() {
        step_ = Step::close;
        waiter_ = nullptr;
    }
    bool busy() const { return busy_; }
    // It could not be asked for.
    void not_begun() { busy_ = false; }
    void abandon() {
        waiter_ = nullptr;
        abandoned_.store(true, std::memory_order_release);
    }

    const FoundFile& found() const { return found_; }
    const char* block() const { return block_.get(); }
    // Of the last read; negative: it failed.
    std::int64_t size() const { return size_; }

    void run() override;
    void over() override {
        busy_ = false;
        if (waiter_ != nullptr) waiter_->wake();
    }

  private:
    enum class Step : std::uint8_t { find, read, close };
    void work();
    void begin(Step step, net::Waiter& waiter) {
        step_ = step;
        waiter_ = &waiter;
        busy_ = true;
    }

    const std::shared_ptr<const RouteFiles> route_;
    const std::string path_;
    const std::vector<Precompressed> codings_;
    Step step_ = Step::find;
    FoundFile found_;
    std::unique_ptr<char[]> block_;
    std::uint64_t offset_ = 0;
    std::size_t most_ = 0;
    std::int64_t size_ = 0;
    std::atomic<bool> abandoned_{false};
    // The worker's.
    net::Waiter* waiter_ = nullptr;
    bool busy_ = false;
};

}  // namespace switchyard::files
