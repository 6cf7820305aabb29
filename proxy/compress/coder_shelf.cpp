#include "proxy/compress/coder_shelf.h"

#include <utility>

namespace switchyard::compress {

std::unique_ptr<Coder> CoderShelf::take(const Coder::Kind& kind) {
    if (lent_ == kMostLent) return nullptr;
    if (kept_.capacity() == 0) kept_.reserve(kMostKept);  // give() is called where nothing may fail
    for (std::size_t i = kept_.size(); i-- > 0;) {
        if (kept_[i]->kind() != kind) continue;
        auto out = std::move(kept_[i]);
        kept_.erase(kept_.begin() + static_cast<std::ptrdiff_t>(i));
        ++lent_;
        return out;
    }
    auto out = Coder::make(kind);
    if (out) ++lent_;
    return out;
}

void CoderShelf::give(std::unique_ptr<Coder> coder) noexcept {
    --lent_;
    if (!coder->restart()) return;
    if (kept_.size() == kMostKept) kept_.erase(kept_.begin());
    kept_.push_back(std::move(coder));
}

}  // namespace switchyard::compress
