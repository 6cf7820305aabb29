#include "proxy/net/task.h"

#include <array>
#include <vector>

namespace switchyard::net {
namespace {

constexpr std::size_t kStep = 128;    // size classes are multiples of this
constexpr std::size_t kClasses = 64;  // frames up to 8 KiB are kept
constexpr std::size_t kKeep = 256;    // per class; more than that was a burst

struct Cache {
    std::array<std::vector<void*>, kClasses> free;
    ~Cache() { clear(); }
    void clear() {
        for (auto& list : free) {
            for (void* frame : list) ::operator delete(frame);
            list.clear();
            list.shrink_to_fit();
        }
    }
};

thread_local Cache cache;

std::size_t size_class(std::size_t size) {
    return (size + kStep - 1) / kStep;
}

}  // namespace

void* FrameCache::allocate(std::size_t size) {
    const std::size_t index = size_class(size);
    if (index >= kClasses) return ::operator new(size);
    auto& list = cache.free[index];
    if (list.empty()) return ::operator new(index* kStep);
    void* frame = list.back();
    list.pop_back();
    return frame;
}

void FrameCache::release(void* frame, std::size_t size) {
    const std::size_t index = size_class(size);
    if (index >= kClasses || cache.free[index].size() >= kKeep) {
        ::operator delete(frame);
        return;
    }
    cache.free[index].push_back(frame);
}

void FrameCache::trim() {
    cache.clear();
}

}  // namespace switchyard::net
