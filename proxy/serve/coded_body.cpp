#include "proxy/serve/coded_body.h"

#include <algorithm>

namespace switchyard::serve {

using Then = compress::Coder::Then;

bool CodedBody::step(std::string_view octets, Then then, compress::Coder::Step& step) {
    step = coder_->code(octets, block_.room(), then);
    block_.filled(step.made);
    in_ += step.taken;
    made_ += step.made;
    return !step.failed;
}

bool CodedBody::code(Run& run, std::size_t most) {
    const std::size_t size = std::min(run.size, most);
    const bool ends = run.last && size == run.size;
    compress::Coder::Step step;
    if (!this->step({run.octets, size}, ends ? Then::end : Then::more, step)) return false;
    run.octets += step.taken;
    run.size -= step.taken;
    holds_ = holds_ || step.taken != 0;
    ended_ = ends && step.done;
    if (ended_ || block_.room().empty()) offer();
    return true;
}

bool CodedBody::flush(bool for_good) {
    flushing_ = (streams_ || for_good) && holds_;
    if (flushing_) {
        compress::Coder::Step step;
        if (!this->step({}, Then::flush, step)) return false;
        flushing_ = !step.done;
        holds_ = flushing_;
    }
    offer();
    return true;
}

void CodedBody::offer() {
    out_ = {block_.data(), block_.size(), ended_};
    offered_ = true;
}

void CodedBody::taken() {
    offered_ = false;
    block_.release();
}

}  // namespace switchyard::serve
