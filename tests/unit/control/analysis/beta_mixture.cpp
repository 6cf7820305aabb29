#include "control/analysis/beta_mixture.h"

#include <doctest/doctest.h>

#include "control/analysis/sample_ratio.h"
#include "tests/unit/control/analysis/close_to.h"

using namespace switchyard::control::analysis;

TEST_CASE("the closed-form mixture has the reference values") {
    CHECK(close_to(log_beta_mixture(15, 5, .5), 1.169567839, 1e-9));
    CHECK(close_to(log_beta_mixture(12, 28, .05), 11.22774538, 1e-8));
    CHECK(close_to(log_beta_mixture_above(15, 5, .5), 1.849323908, 1e-9));
    CHECK(close_to(log_beta_mixture_above(5, 15, .5), -2.457137183, 1e-9));
}

TEST_CASE("a split that delivers its share is no mismatch, one that loses a tenth of an arm is") {
    SampleRatio ratio;
    ratio.begin(.25);
    ratio.add(2500, 7500);
    CHECK(ratio.log_evidence() < 0.0);
    ratio.begin(.25);
    ratio.add(2250, 7500);  // one in ten canary requests never arrives
    CHECK(ratio.log_evidence() < 9.2);
    ratio.add(9000, 30000);
    CHECK(ratio.log_evidence() > 9.2);
}

TEST_CASE("when one arm gets everything there is no ratio to test") {
    SampleRatio ratio;
    ratio.begin(1.0);
    ratio.add(1000, 3);
    CHECK(ratio.log_evidence() == 0.0);
}

TEST_CASE("requests that a slow arm has not ended yet are no mismatch") {
    SampleRatio ratio;
    ratio.begin(.05);
    ratio.add(0, 600);
    CHECK(ratio.log_evidence() > 9.2);
    ratio.under_way(31, 1);
    CHECK(ratio.log_evidence() < 0.0);
    ratio.under_way(0, 30);
    CHECK(ratio.log_evidence() > 9.2);
}
