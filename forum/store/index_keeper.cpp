#include "forum/store/index_keeper.h"

#include <chrono>

#include "forum/store/comment_index.h"

namespace forum {

namespace {

constexpr auto kLookEvery = std::chrono::milliseconds(1'000);
// A few milliseconds of the writer's time.
constexpr int kBatch = 100;
// An edit carries the time at which it was asked for; a minute later it was committed or given up.
constexpr Instant kEditsMayBeLate = kMinute;

}  // namespace

IndexKeeper::IndexKeeper(Store& store, std::function<void(const std::string&)> complain)
    : store_(store), complain_(std::move(complain)), thread_([this] { work(); }) {}

IndexKeeper::~IndexKeeper() {
    {
        const std::lock_guard guard(mutex_);
        stopping_ = true;
    }
    stopping_changed_.notify_all();
    thread_.join();
}

bool IndexKeeper::pause(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    return !stopping_changed_.wait_for(lock, time, [&] { return stopping_; });
}

void IndexKeeper::work() {
    auto rest = std::chrono::milliseconds(0);
    while (pause(rest)) {
        const auto begin = std::chrono::steady_clock::now();
        bool more = false;
        try {
            more = do_batch();
        } catch (const std::exception& e) {
            complain_(e.what());
        }
        const auto taken = std::chrono::steady_clock::now() - begin;
        rest = more ? std::chrono::ceil<std::chrono::milliseconds>(taken) : kLookEvery;
    }
}

bool IndexKeeper::do_batch() {
    const Instant looked_at = now();
    const bool lags = store_.readers.with_statement([](Connection& reader) { return index_lags(reader); });
    if (lags) {
        store_.writer.run([](Connection& connection) { index_next(connection, kBatch); });
        return true;
    }
    const bool missed =
        store_.readers.with_statement([&](Connection& reader) { return index_missed_edits(reader, edits_since_); });
    if (missed) {
        store_.writer.run([&](Connection& connection) { index_edits(connection, edits_since_, kBatch); });
        return true;
    }
    edits_since_ = looked_at - kEditsMayBeLate;
    return false;
}

}  // namespace forum
