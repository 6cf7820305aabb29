// What a run is expected to hold: "p99=20ms,errors=0.1%,rate=5000". Used by --expect and by the capacity search.
#pragma once

#include <string>
#include <vector>

#include "bench/yardbench/engine/tally.h"

namespace yardbench {

class Slo {
  public:
    struct Line {
        std::string what;  // "p99 18.20ms, at most 20.00ms"
        bool held = false;
    };

    Slo() = default;
    // Throws std::invalid_argument that names the part it does not understand and lists the words it knows.
    explicit Slo(const std::string& text);

    bool empty() const { return limits_.empty(); }
    std::vector<Line> judge(const Tally& tally) const;
    bool held(const Tally& tally) const;

  private:
    struct Limit {
        enum class Kind { quantile, max, errors, rate } kind;
        std::string name;
        double quantile = 0;
        double value = 0;  // nanoseconds, share of requests, or requests per second
    };
    std::vector<Limit> limits_;
};

}  // namespace yardbench
