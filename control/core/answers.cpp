#include "control/core/answers.h"

namespace switchyard::control {

Problem Answers::other_call() {
    return problems::invalid("this Idempotency-Key was used for another call; use a fresh key for a new change");
}

Answers::Lookup Answers::find(const std::string& who, const std::string& key, const std::string& fingerprint) const {
    const auto it = entries_.find({who, key});
    if (it == entries_.end()) return {};
    if (it->second.fingerprint != fingerprint) return {Found::other_call, nullptr};
    if (!it->second.answer) return {Found::in_progress, nullptr};
    return {Found::answered, &*it->second.answer};
}

void Answers::begin(const std::string& who, const std::string& key, const std::string& fingerprint) {
    entries_[{who, key}] = {fingerprint, std::nullopt, {}};
    order_.push_back({who, key});
    while (order_.size() > kKept) {
        const auto oldest = entries_.find(order_.front());
        // One in progress has a caller waiting for it: it goes to the back of the queue instead.
        if (oldest != entries_.end() && !oldest->second.answer)
            order_.push_back(order_.front());
        else if (oldest != entries_.end())
            entries_.erase(oldest);
        order_.pop_front();
    }
}

void Answers::join(const std::string& who, const std::string& key, Answered done) {
    entries_.at({who, key}).joined.push_back(std::move(done));
}

std::vector<Answered> Answers::end(const std::string& who, const std::string& key, const Answer& answer) {
    const auto it = entries_.find({who, key});
    if (it == entries_.end()) return {};
    auto joined = std::move(it->second.joined);
    if (!answer) {
        std::erase(order_, it->first);
        entries_.erase(it);
    } else {
        it->second.answer = answer;
        it->second.joined.clear();
    }
    return joined;
}

}  // namespace switchyard::control
