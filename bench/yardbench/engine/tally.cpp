#include "bench/yardbench/engine/tally.h"

#include <algorithm>

namespace yardbench {
namespace {

constexpr std::size_t kMaxSeconds = 3600;  // of the per-second record

void merge_parts(std::vector<Part>& into, const std::vector<Part>& from) {
    if (into.size() < from.size()) into.resize(from.size());
    for (std::size_t i = 0; i < from.size(); ++i) into[i].merge(from[i]);
}

}  // namespace

void Counts::merge(const Counts& other) {
    sent += other.sent;
    answered += other.answered;
    for (std::size_t i = 0; i < kFailureKinds; ++i) failures[i] += other.failures[i];
}

void Part::account(Nanos taken, bool as_failed) {
    ++finished;
    failed += as_failed;
    latency.record(taken);
}

void Part::merge(const Part& other) {
    finished += other.finished;
    failed += other.failed;
    latency.merge(other.latency);
}

void Tally::account(const Outcome& outcome, Failure failure, Nanos lag_of_send) {
    if (outcome.intended < measured_from) return;
    const Nanos taken = outcome.done - outcome.intended;
    const bool failed_one = failure != Failure::none;
    ++finished;
    if (outcome.status >= 100) ++by_class[std::min<std::size_t>(outcome.status / 100U, 5)];
    if (failed_one) ++failures[static_cast<std::size_t>(failure)];
    latency.record(taken);
    service.record(outcome.done - outcome.sent);
    lag.record(lag_of_send);
    const auto second = static_cast<std::size_t>((outcome.intended - measured_from) / kSecond);
    if (second < kMaxSeconds) {
        if (second >= by_second.size()) by_second.resize(second + 1);
        by_second[second].account(taken, failed_one);
    }
    if (by_tag.size() > 1) by_tag[outcome.tag].account(taken, failed_one);
}

void Tally::merge(const Tally& other) {
    all.merge(other.all);
    finished += other.finished;
    retried += other.retried;
    unsent += other.unsent;
    reconnects += other.reconnects;
    full_handshakes += other.full_handshakes;
    resumed_handshakes += other.resumed_handshakes;
    bytes_in += other.bytes_in;
    for (std::size_t i = 0; i < by_class.size(); ++i) by_class[i] += other.by_class[i];
    for (std::size_t i = 0; i < kFailureKinds; ++i) failures[i] += other.failures[i];
    latency.merge(other.latency);
    service.merge(other.service);
    lag.merge(other.lag);
    merge_parts(by_tag, other.by_tag);
    merge_parts(by_second, other.by_second);
    measured_from = threads == 0 ? other.measured_from : std::min(measured_from, other.measured_from);
    measured_until = std::max(measured_until, other.measured_until);
    cpu_seconds += other.cpu_seconds;
    threads += other.threads;
}

}  // namespace yardbench
