#include "control/analysis/mark_test.h"

#include <algorithm>
#include <cmath>

namespace switchyard::control::analysis {

namespace {

Restarts over(double horizon) {
    Restarts restarts;
    restarts.horizon = horizon;
    return restarts;
}

}  // namespace

const double MarkTest::kLogBuckets = std::log(1.0 - kByRule);

MarkTest::MarkTest(double guard, const Grid& factors, double horizon, bool sticky)
    : sticky_(sticky), requests_(guard, factors, over(horizon)), buckets_(guard, factors, horizon) {}

double MarkTest::by_request() const {
    return requests_.log_evidence() + (sticky_ ? std::log(kByRule) : 0.0);
}

double MarkTest::log_evidence() const {
    return sticky_ ? std::max(by_request(), buckets_.log_evidence() + kLogBuckets) : by_request();
}

}  // namespace switchyard::control::analysis
