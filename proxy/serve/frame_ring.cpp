#include "proxy/serve/frame_ring.h"

#include <algorithm>

#include "proxy/serve/frame_block.h"

namespace switchyard::serve {

namespace {

// Of a connection that rests: a hundred lanes were a burst.
constexpr std::size_t kKeptPlaces = 4;

}  // namespace

void FrameRing::join(FrameTurn& lane, std::size_t room) {
    lane.invited = false;
    lane.room_wanted = room;
    if (!awaits(lane)) ring_.push_back(&lane);
}

bool FrameRing::awaits(const FrameTurn& lane) const {
    return std::ranges::find(ring_, &lane) != ring_.end();
}

void FrameRing::forget(const FrameTurn& lane) {
    std::erase(ring_, &lane);
    if (ring_.empty() && ring_.capacity() > kKeptPlaces) ring_.shrink_to_fit();
}

// As many as there is room and window for a whole frame each, or the first with what there is. For room all stand in
// one order; who needs no window is not kept by those who wait for one.
bool FrameRing::invite(std::size_t space, std::int64_t window, bool none_comes) {
    constexpr std::size_t kFrame = http2::kFrameHeadSize + http2::kMaxPayload;
    std::size_t stay = 0, at = 0;
    for (; at < ring_.size(); ++at) {
        FrameTurn& lane = *ring_[at];
        const bool data = lane.room_wanted == 0;
        if (data && window <= 0 && !none_comes) {
            ring_[stay++] = &lane;
            continue;
        }
        if (space < (data ? FrameBlock::room_for_data(FrameBlock::kLeastPiece) : lane.room_wanted)) break;
        lane.invited = data;
        lane.invite();
        space -= std::min(space, data ? kFrame : lane.room_wanted);
        if (data) window -= http2::kMaxPayload;
    }
    const bool any = at != stay;
    ring_.erase(ring_.begin() + static_cast<std::ptrdiff_t>(stay), ring_.begin() + static_cast<std::ptrdiff_t>(at));
    return any;
}

}  // namespace switchyard::serve
