#include "control/base/disk_errands.h"

#include <deque>
#include <exception>
#include <mutex>
#include <system_error>

#include "control/base/side_thread.h"

namespace switchyard::control {

struct DiskErrands::State {
    struct Piece {
        std::function<void()> work, then;
    };
    std::mutex lock;
    Post post;
    std::deque<Piece> queue;  // the first one is being done while `at_work`
    bool at_work = false, ended = false;
};

DiskErrands::DiskErrands(Post post) : state_(std::make_shared<State>()) {
    state_->post = std::move(post);
}

DiskErrands::~DiskErrands() {
    // Both end here, behind the lock.
    std::deque<State::Piece> given_up;
    Post post;
    const std::lock_guard held(state_->lock);
    state_->ended = true;
    given_up.swap(state_->queue);
    post.swap(state_->post);
}

bool DiskErrands::start(std::function<void()> work, std::function<void()> then) {
    const std::lock_guard held(state_->lock);
    state_->queue.push_back({std::move(work), std::move(then)});
    if (state_->at_work) return true;
    try {
        side_thread("disk", [state = state_] { loop(state); }).detach();
    } catch (const std::system_error&) {
        state_->queue.clear();
        return false;
    }
    return state_->at_work = true;
}

void DiskErrands::loop(const std::shared_ptr<State>& state) {
    std::unique_lock held(state->lock);
    while (!state->queue.empty()) {
        auto work = std::move(state->queue.front().work);
        held.unlock();
        try {
            work();
        } catch (const std::exception&) {
            // The empty value says it: `then` is the only place that is told.
        }
        work = nullptr;
        held.lock();
        if (state->ended) return;
        state->post([state, then = std::move(state->queue.front().then)] {
            {
                const std::lock_guard looked(state->lock);
                if (state->ended) return;
            }
            then();
        });
        state->queue.pop_front();
    }
    state->at_work = false;
}

}  // namespace switchyard::control
