#include "proxy/net/task.h"

#include <array>
#include <cstdint>

namespace switchyard::net {
namespace {

constexpr std::size_t kStep = 128;    // size classes are multiples of this
constexpr std::size_t kClasses = 64;  // frames up to 8 KiB are kept
constexpr std::uint32_t kKeep = 256;  // per class; more than that was a burst

// A frame that nobody uses holds the way to the next one.
struct FreeFrame {
    FreeFrame* next;
};
struct FreeList {
    FreeFrame* first = nullptr;
    std::uint32_t count = 0;
};

// Without a destructor, so that an access is an access: one that has to be ended costs a check each time. What is left
// when a thread ends is given back by `ending`, which allocate() touches whenever it has to ask the system.
constinit thread_local std::array<FreeList, kClasses> lists;

void clear() {
    for (auto& list : lists) {
        while (FreeFrame* frame = list.first) {
            list.first = frame->next;
            ::operator delete(frame);
        }
        list.count = 0;
    }
}

struct Ending {
    bool touched = false;
    ~Ending() { clear(); }
};
thread_local Ending ending;

std::size_t size_class(std::size_t size) {
    return (size + kStep - 1) / kStep;
}

}  // namespace

void* FrameCache::allocate(std::size_t size) {
    const std::size_t index = size_class(size);
    if (index >= kClasses) return ::operator new(size);
    auto& list = lists[index];
    FreeFrame* const frame = list.first;
    if (frame == nullptr) {
        ending.touched = true;
        return ::operator new(index* kStep);
    }
    list.first = frame->next;
    --list.count;
    return frame;
}

void FrameCache::release(void* frame, std::size_t size) {
    const std::size_t index = size_class(size);
    if (index >= kClasses || lists[index].count >= kKeep) {
        ::operator delete(frame);
        return;
    }
    auto& list = lists[index];
    list.first = new (frame) FreeFrame{list.first};
    ++list.count;
}

void FrameCache::trim() {
    clear();
}

}  // namespace switchyard::net
