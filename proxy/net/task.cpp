#include "proxy/net/task.h"

namespace switchyard::net {
namespace {

// What is left when a thread ends is given back by this, which allocate_anew() touches.
struct Ending {
    bool touched = false;
    ~Ending() { FrameCache::trim(); }
};
thread_local Ending ending;

}  // namespace

constinit thread_local std::array<FrameCache::List, FrameCache::kClasses> FrameCache::lists{};

void* FrameCache::allocate_anew(std::size_t index, std::size_t size) {
    if (index >= kClasses) return ::operator new(size);
    ending.touched = true;
    return ::operator new(index* kStep);
}

void FrameCache::trim() {
    for (auto& list : lists) {
        while (Free* frame = list.first) {
            list.first = frame->next;
            ::operator delete(frame);
        }
        list.count = 0;
    }
}

}  // namespace switchyard::net
