// Counters of this process, in the shapes that Prometheus asks for.
//
// Threads: any; relaxed atomics, one set per endpoint, so counting costs no lock.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace forum {

inline constexpr std::array<double, 11> kDurationBounds = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                                           0.05,   0.1,   0.25,   0.5,   1.0};

class Metrics {
  public:
    explicit Metrics(std::vector<std::string_view> operations);

    void count(std::string_view operation, int status, double seconds);

    // forum_requests_total and forum_request_duration_seconds; operations that were never called are left out.
    void write(std::string& out) const;

  private:
    struct Operation {
        std::string_view name;
        std::array<std::atomic<std::uint64_t>, 6> by_class{};  // index 1…5 for 1xx…5xx
        std::array<std::atomic<std::uint64_t>, kDurationBounds.size() + 1> buckets{};
        std::atomic<std::uint64_t> microseconds = 0;
    };
    std::vector<std::unique_ptr<Operation>> operations_;
};

}  // namespace forum
