#include "proxy/serve/relay.h"

namespace switchyard::serve {

using Step = Relay::Step;

Step Relay::step_of(Pull pull) {
    switch (pull) {
        case Pull::here:
        case Pull::wait:
            break;
        case Pull::others_turn:
            return Step::others_turn;
        case Pull::closed:
            return Step::source_closed;
        case Pull::failed:
            return Step::source_failed;
        case Pull::bad:
            return Step::source_bad;
        case Pull::too_large:
            return Step::too_large;
    }
    return Step::wait_source;
}

void Relay::start(const http::Body& body, std::uint64_t limit, std::string_view head, Coding coding,
                  Trailers* trailers) {
    // Where there is no body there is no coding, and the head alone is the last that goes out.
    offered_ = body.empty();
    run_ = {nullptr, 0, offered_};
    finished_ = false;
    flows_ = true;
    source_.expect(body, limit, trailers, sink_);
    sink_.send_head(head, offered_ ? Coding::plain : coding, trailers);
}

Step Relay::step_plain(TurnBudget& budget) {
    if (finished_) return Step::done;
    for (;;) {
        if (!offered_) {
            // What came before a fault goes out first; but not where nothing has gone out yet, and the whole can still
            // be refused in words.
            const Pull pull = source_.pull(budget, flows_, sink_.sent_bytes() != 0, run_);
            offered_ = pull == Pull::here;
            flows_ = flows_ || pull != Pull::others_turn;
            if (!offered_) {
                // A head does not wait for a body that has not begun, nor what is held for a run that is not here.
                if (pull != Pull::wait || !sink_.waits_for_run()) return step_of(pull);
                run_ = {};
            }
        }
        const std::size_t before = run_.size;
        const Push push = sink_.push(run_, source_);
        if (offered_) source_.take(before - run_.size);
        if (push == Push::wait) {
            flows_ = false;
            return Step::wait_sink;
        }
        if (push == Push::failed) return Step::sink_failed;
        if (!offered_) continue;
        offered_ = false;
        if (!run_.last) continue;
        finished_ = true;
        return Step::done;
    }
}

}  // namespace switchyard::serve
