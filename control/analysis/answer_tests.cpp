#include "control/analysis/answer_tests.h"

#include <cmath>
#include <limits>

namespace switchyard::control::analysis {

AnswerTests::AnswerTests(const Settings& settings)
    : on_(settings.answers_false_alarm > 0.0),
      rolls_back_(settings.answers_roll_back),
      threshold_(on_ ? std::log(static_cast<double>(kAnswerKinds) / settings.answers_false_alarm)
                     : std::numeric_limits<double>::infinity()) {
    for (std::size_t i = 0; i < kAnswerKinds; ++i)
        kinds_.push_back({MarkTest(kTolerate, kFailureGrid, settings.horizon, settings.sticky), {}});
}

bool AnswerTests::Kind::passed(double threshold) const {
    return canary_marks >= kFewestMarks &&
           test.passed(threshold, MarkTest::Gated::buckets, [this] { return gate.reach(kTolerate); });
}

void AnswerTests::count(const Tick& tick) {
    for (std::size_t i = 0; i < kAnswerKinds; ++i) {
        Kind& kind = kinds_[i];
        kind.canary_marks += tick.canary.answers[i], kind.baseline_marks += tick.baseline.answers[i];
        kind.canary_asked += tick.canary.attempts, kind.baseline_asked += tick.baseline.attempts;
        if (found_ || !kind.passed(threshold_)) continue;
        found_.emplace();
        found_->test = "answers_" + std::string(kAnswerWords[i].name);
        found_->ln_e = kind.test.log_evidence(), found_->threshold = threshold_;
        found_->canary_marks = kind.canary_marks, found_->baseline_marks = kind.baseline_marks;
        found_->canary_asked = kind.canary_asked, found_->baseline_asked = kind.baseline_asked;
    }
}

void AnswerTests::add_first(const Tick& tick) {
    if (!on_) return;
    for (std::size_t i = 0; i < kAnswerKinds; ++i) {
        kinds_[i].gate.add(tick.seconds, tick.placed, {tick.canary.attempts, tick.canary.answers[i]},
                           {tick.baseline.attempts, tick.baseline.answers[i]});
        kinds_[i].test.add_buckets(tick.placed, share_, tick.canary_first.answers[i], tick.baseline_first.answers[i]);
    }
    count(tick);
}

void AnswerTests::add(const Tick& block) {
    if (!on_ || sticky_) return;
    const std::uint64_t all = block.canary.attempts + block.baseline.attempts;
    const double seen = all > 0 ? static_cast<double>(block.canary.attempts) / static_cast<double>(all) : 0.0;
    for (std::size_t i = 0; i < kAnswerKinds; ++i)
        kinds_[i].test.add_requests(block.seconds, seen, block.canary.answers[i], block.baseline.answers[i]);
    count(block);
}

void AnswerTests::add_late(const Late& late) {
    if (!on_) return;
    const Tick& tick = late.tick;
    for (std::size_t i = 0; i < kAnswerKinds; ++i) {
        if (kinds_[i].test.sticky() && late.by_bucket()) {
            kinds_[i].gate.add(0.0, tick.placed, {tick.canary.attempts, tick.canary.answers[i]},
                               {tick.baseline.attempts, tick.baseline.answers[i]});
            kinds_[i].test.add_buckets(tick.placed, late.share, tick.canary_first.answers[i],
                                       tick.baseline_first.answers[i]);
        } else {
            kinds_[i].test.add_requests(0.0, late.sent, tick.canary.answers[i], tick.baseline.answers[i]);
        }
    }
    count(tick);
}

void AnswerTests::rows(std::vector<Row>& out) const {
    if (!on_) return;
    for (std::size_t i = 0; i < kAnswerKinds; ++i) {
        const Kind& kind = kinds_[i];
        // A kind that no request met is not worth a line.
        if (kind.canary_marks + kind.baseline_marks == 0) continue;
        const double evidence = kind.test.log_evidence();
        out.push_back({"answers_" + std::string(kAnswerWords[i].name), evidence, threshold_, rolls_back_, false,
                       evidence >= threshold_ && !kind.passed(threshold_)});
    }
}

}  // namespace switchyard::control::analysis
