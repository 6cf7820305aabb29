// The least rate of a client (Listener::min_rate): measured while it is the client's turn, on what reached the other
// side.
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
    return pace_.waited(context_.now_ms - paced_since_ms_) && pace_.too_slow(client_.body_bytes());
}

bool Exchange::download_too_slow() {
    if (paced_since_ms_ == 0 || !pace_.waited(context_.now_ms - paced_since_ms_)) return false;
    const std::uint64_t sent = client_.sent_bytes();
    return pace_.too_slow(sent - std::min(sent, client_.unsent()));
}

// A deadline that only wakes the pace is no end.
bool Exchange::time_is_up() const {
    return strand_.expired() && (!pacing_ || course_.time_is_up());
}

}  // namespace switchyard::serve
