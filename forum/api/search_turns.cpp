#include "forum/api/search_turns.h"

#include <algorithm>
#include <thread>

#include "forum/api/call.h"

namespace forum {

namespace {
// A client that waits longer is better told so than answered when it looks no more.
constexpr std::chrono::seconds kPatience{2};
}  // namespace

SearchTurns::SearchTurns() : slots_(std::clamp(std::thread::hardware_concurrency() / 2, 1U, 1'024U)) {}

SearchTurns::Turn::Turn(SearchTurns& turns) : turns_(turns) {
    if (!turns_.slots_.try_acquire_for(kPatience)) refuse(503, "busy", "too many searches at once; try again");
}

}  // namespace forum
