// The least rate of a client (Listener::min_rate): measured while it is the client's turn, on what reached the other
// side.
#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <algorithm>

#include "proxy/serve/exchange.h"

namespace switchyard::serve {

// Before a sleep. `client_turn`: nobody but the client can move things on.
void Exchange::set_paced_deadline(bool client_turn, std::int64_t idle_ms) {
    paced_since_ms_ = client_turn ? context_.now_ms : 0;
    pacing_ = client_turn && (idle_ms == 0 || pace_.patience_ms() < idle_ms);
    set_phase_deadline(pacing_ ? pace_.patience_ms() : idle_ms);
}

// After it.
bool Exchange::upload_too_slow() {
    if (paced_since_ms_ == 0) return false;
    return pace_.waited(context_.now_ms - paced_since_ms_) && pace_.too_slow(upload_.body_bytes());
}

bool Exchange::download_too_slow() {
    if (paced_since_ms_ == 0 || !pace_.waited(context_.now_ms - paced_since_ms_)) return false;
    // What the kernel still holds has not moved: its buffer may be larger than what a slow client reads in a minute.
    int unsent = 0;
    if (::ioctl(session_.stream.descriptor(), SIOCOUTQ, &unsent) != 0 || unsent < 0) unsent = 0;
    unsent += static_cast<int>(session_.stream.unsent());
    const std::uint64_t sent = download_.sent_bytes();
    return pace_.too_slow(sent - std::min<std::uint64_t>(sent, static_cast<std::uint64_t>(unsent)));
}

// A deadline that only wakes the pace is no end.
bool Exchange::time_is_up() const {
    return session_.expired() && (!pacing_ || request_time_is_up());
}

}  // namespace switchyard::serve
