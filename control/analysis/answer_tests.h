// Does the new release answer another way? Each kind of answer that may be a bad release's (proxy/base/answer_kind.h),
// as the failures are compared, with a part each of a false alarm rate of its own.
//
// What is found holds the step, with its evidence, until a person decides – a 404 may be what was wanted – or rolls
// back where the plan says so. Once found it stays. Threads: one owner.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "control/analysis/evidence.h"
#include "control/analysis/mark_test.h"
#include "control/analysis/risk_gate.h"
#include "control/analysis/settings.h"

namespace switchyard::control::analysis {

class AnswerTests {
  public:
    static constexpr double kTolerate = 2.0;          // relative risk
    static constexpr std::uint64_t kFewestMarks = 3;  // a belt, as for failures

    explicit AnswerTests(const Settings& settings);

    void begin_step(bool sticky, double share) { sticky_ = sticky, share_ = share; }
    void add_first(const Tick& tick);  // in a sticky split, each tick as it comes
    void add(const Tick& block);       // else, ticks in which both arms have some
    void add_late(const Late& late);

    // The first kind that was found.
    const std::optional<Alarm>& found() const { return found_; }
    bool rolls_back() const { return rolls_back_; }
    void rows(std::vector<Row>& out) const;

    template <class Memory>
    void remember(Memory& m) {
        for (std::size_t i = 0; i < kAnswerKinds; ++i) m(std::string(kAnswerWords[i].name), kinds_[i]);
    }

  private:
    struct Kind {
        MarkTest test;
        RiskGate gate;
        std::uint64_t canary_marks = 0, baseline_marks = 0, canary_asked = 0, baseline_asked = 0;
        bool passed(double threshold) const;

        template <class Memory>
        void remember(Memory& m) {
            m("test", test), m("gate", gate);
            m("canary_marks", canary_marks), m("baseline_marks", baseline_marks);
            m("canary_asked", canary_asked), m("baseline_asked", baseline_asked);
        }
    };
    void count(const Tick& tick);

    bool on_, rolls_back_;
    double threshold_;
    std::vector<Kind> kinds_;
    bool sticky_ = false;
    double share_ = 0.0;
    std::optional<Alarm> found_;
};

}  // namespace switchyard::control::analysis
