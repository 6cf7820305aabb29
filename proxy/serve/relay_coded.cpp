// A body that is compressed between pull and push.
#include "proxy/serve/coded_body.h"
#include "proxy/serve/relay.h"

namespace switchyard::serve {

using Step = Relay::Step;

namespace {

// Of what is coded in one turn: a millisecond at the highest levels there are.
constexpr std::size_t kCodedOctets = 16 * 1024;

}  // namespace

// What was coded, as far as it goes now. `done`: all of it is out.
Step Relay::push_coded() {
    const Push push = sink_.push(coded_->out(), source_);
    if (push == Push::wait) return Step::wait_sink;
    if (push == Push::failed) return Step::sink_failed;
    coded_->taken();
    return Step::done;
}

// Nothing is here to be coded. `done`: there may be more to do.
Step Relay::rest_coded(Pull pull) {
    const Step why = step_of(pull);
    if (why == Step::others_turn) return why;
    const bool for_good = why != Step::wait_source;
    if (coded_->rests(for_good)) return coded_->flush(for_good) ? Step::done : Step::short_of_memory;
    if (for_good || !sink_.waits_for_run()) return why;
    // A head does not wait for a body that has not begun, nor what is held for a run that is not here.
    Run nothing;
    const Push push = sink_.push(nothing, source_);
    return push == Push::wait ? Step::wait_sink : push == Push::failed ? Step::sink_failed : why;
}

Step Relay::step_coded(TurnBudget& budget) {
    std::size_t left = kCodedOctets;
    for (;;) {
        if (coded_->offered()) {
            if (const Step step = push_coded(); step != Step::done) return step;
            if (coded_->ended()) {
                finished_ = true;
                return Step::done;
            }
        }
        if (coded_->flushing()) {
            if (!coded_->flush(true)) return Step::short_of_memory;
            continue;
        }
        if (!offered_) {
            const Pull pull = source_.pull(budget, false, sink_.sent_bytes() != 0, run_);
            offered_ = pull == Pull::here;
            if (!offered_) {
                if (const Step step = rest_coded(pull); step != Step::done) return step;
                continue;
            }
        }
        if (left == 0) return Step::others_turn;
        const std::size_t before = run_.size;
        if (!coded_->code(run_, left)) return Step::short_of_memory;
        const std::size_t coded = before - run_.size;
        source_.take(coded);
        left -= coded;
        offered_ = run_.size != 0 || (run_.last && !coded_->out().last);
    }
}

}  // namespace switchyard::serve
