#include "proxy/upstream/wait_queue.h"

#include <utility>

namespace switchyard::upstream {

WaitQueue::Place::Place(WaitQueue& queue, net::Waiter& waiter) : queue_(queue), waiter_(waiter) {
    queue_.places_.push_back(*this);
}

WaitQueue::Place::~Place() {
    const bool was_front = &queue_.places_.front() == this;
    queue_.places_.erase(queue_.places_.iterator_to(*this));
    // Served: there may be room for the next as well. Gone: the call it did not answer is the next one's.
    if (was_front) queue_.call();
}

bool WaitQueue::Place::take_call() {
    return std::exchange(called_, false);
}

void WaitQueue::call() {
    if (places_.empty() || places_.front().called_) return;
    places_.front().called_ = true;
    places_.front().waiter_.wake();
}

}  // namespace switchyard::upstream
