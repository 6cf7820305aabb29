#include "forum/api/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace forum {

Metrics::Metrics(std::vector<std::string_view> operations) {
    operations.push_back("unknown");
    for (const std::string_view name : operations) {
        operations_.push_back(std::make_unique<Operation>());
        operations_.back()->name = name;
    }
}

void Metrics::count(std::string_view operation, int status, double seconds) {
    // Names come from the same table, so comparing where they lie is enough; "unknown" is the last.
    auto found = std::find_if(operations_.begin(), operations_.end(),
                              [&](const auto& one) { return one->name.data() == operation.data(); });
    Operation& counted = found == operations_.end() ? *operations_.back() : **found;
    const auto relaxed = std::memory_order_relaxed;
    counted.by_class[static_cast<std::size_t>(std::clamp(status / 100, 1, 5))].fetch_add(1, relaxed);
    const auto bucket = std::lower_bound(kDurationBounds.begin(), kDurationBounds.end(), seconds);
    counted.buckets[static_cast<std::size_t>(bucket - kDurationBounds.begin())].fetch_add(1, relaxed);
    counted.microseconds.fetch_add(static_cast<std::uint64_t>(seconds * 1e6), relaxed);
}

void Metrics::write(std::string& out) const {
    const auto relaxed = std::memory_order_relaxed;
    auto to = std::back_inserter(out);
    out += "# HELP forum_requests_total Requests answered.\n# TYPE forum_requests_total counter\n";
    for (const auto& one : operations_) {
        for (std::size_t code = 1; code <= 5; ++code) {
            const std::uint64_t count = one->by_class[code].load(relaxed);
            if (count == 0) continue;
            fmt::format_to(to, "forum_requests_total{{operation=\"{}\",code_class=\"{}xx\"}} {}\n", one->name, code,
                           count);
        }
    }
    out +=
        "# HELP forum_request_duration_seconds Time from the whole request to its answer.\n"
        "# TYPE forum_request_duration_seconds histogram\n";
    for (const auto& one : operations_) {
        std::uint64_t sum = 0;
        for (const auto& bucket : one->buckets) sum += bucket.load(relaxed);
        if (sum == 0) continue;
        std::uint64_t below = 0;
        for (std::size_t i = 0; i < kDurationBounds.size(); ++i) {
            below += one->buckets[i].load(relaxed);
            fmt::format_to(to, "forum_request_duration_seconds_bucket{{operation=\"{}\",le=\"{}\"}} {}\n", one->name,
                           kDurationBounds[i], below);
        }
        fmt::format_to(to, "forum_request_duration_seconds_bucket{{operation=\"{}\",le=\"+Inf\"}} {}\n", one->name,
                       sum);
        fmt::format_to(to, "forum_request_duration_seconds_sum{{operation=\"{}\"}} {}\n", one->name,
                       static_cast<double>(one->microseconds.load(relaxed)) / 1e6);
        fmt::format_to(to, "forum_request_duration_seconds_count{{operation=\"{}\"}} {}\n", one->name, sum);
    }
}

}  // namespace forum
