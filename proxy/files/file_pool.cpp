#include "proxy/files/file_pool.h"

#include <pthread.h>

#include <atomic>
#include <boost/lockfree/queue.hpp>
#include <csignal>
#include <semaphore>
#include <thread>
#include <utility>

namespace switchyard::files {
struct FilePool::Line {
    struct Piece {
        std::shared_ptr<FileJob> job;
        std::shared_ptr<WorkerDoor> door;
    };
    static void do_piece(const Piece& piece) {
        piece.job->run();
        // The job is the worker's again.
        piece.door->pass([job = piece.job] { job->over(); });
    }
    explicit Line(std::size_t most) : waiting(most) {}
    ~Line() {
        while (take() != nullptr) {
        }
    }
    std::unique_ptr<Piece> take() {
        Piece* next = nullptr;
        return std::unique_ptr<Piece>(waiting.pop(next) ? next : nullptr);
    }
    static void work(const std::shared_ptr<Line>& line) {
        for (;;) {
            line->calls.acquire();
            if (line->ended.load(std::memory_order_acquire)) return;
            if (auto piece = line->take()) do_piece(*piece);
        }
    }

    boost::lockfree::queue<Piece*> waiting;  // its nodes are made once
    std::counting_semaphore<> calls{0};
    std::atomic<bool> ended{false};
    unsigned threads = 0;
};

FilePool::FilePool(unsigned threads, std::size_t most_waiting) : line_(std::make_shared<Line>(most_waiting)) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);  // signals belong to the main thread
    for (unsigned i = 0; i < threads; ++i) {
        std::thread([line = line_] {
            pthread_setname_np(pthread_self(), "files");
            Line::work(line);
        }).detach();
        ++line_->threads;
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

FilePool::~FilePool() {
    line_->ended.store(true, std::memory_order_release);
    line_->calls.release(line_->threads);
}

bool FilePool::ask(std::shared_ptr<FileJob> job, std::shared_ptr<WorkerDoor> door) {
    auto piece = std::make_unique<Line::Piece>(Line::Piece{std::move(job), std::move(door)});
    if (!line_->waiting.bounded_push(piece.get())) return false;
    static_cast<void>(piece.release());
    line_->calls.release();
    return true;
}

bool FilePool::do_one() {
    auto piece = line_->take();
    if (piece == nullptr) return false;
    Line::do_piece(*piece);
    return true;
}

}  // namespace switchyard::files
