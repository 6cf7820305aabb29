// Drives a machine in a test: keeps its clock, its journal and the weight its effects have set.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "control/rollout/machine.h"

class Driver {
  public:
    using Effects = switchyard::control::rollout::Effects;
    using Monotonic = switchyard::control::rollout::Monotonic;

    explicit Driver(switchyard::control::rollout::Plan plan) : machine(std::move(plan)) {}

    // What the shell around the machine does, without any I/O. Journal first: checked here for every story.
    void take(const Effects& effects) {
        namespace effect = switchyard::control::rollout::effect;
        bool journaled = effects.empty();
        for (const auto& e : effects) {
            if (const auto* j = std::get_if<effect::Journal>(&e)) {
                journal.push_back(j->record);
                journaled = true;
            }
            CHECK_MESSAGE((journaled || std::holds_alternative<effect::SetWeight>(e)), "an effect before its record");
            if (const auto* w = std::get_if<effect::SetWeight>(&e)) {
                weight = w->weight;
                weights.push_back(weight);
            }
            if (const auto* a = std::get_if<effect::Announce>(&e)) announced.push_back(a->announcement.kind);
        }
    }

    switchyard::control::rollout::Findings nothing() const {
        switchyard::control::rollout::Findings f;
        f.epoch = machine.epoch();
        f.as_of = now;
        f.why = "0 of 300 canary requests";
        return f;
    }
    switchyard::control::rollout::Findings good() const {
        auto f = nothing();
        f.promotable = f.canary_asked = true;
        f.why = "good enough";
        return f;
    }
    switchyard::control::rollout::Findings bad() const {
        auto f = nothing();
        f.canary_asked = f.canary_failed = true;
        f.alarm = switchyard::control::rollout::Findings::Alarm{"evidence", "errors: 9.1 of 7.7", {{"ln_e", 9.1}}};
        return f;
    }

    // Lets `time` pass in ticks of 200 ms with the findings of each moment.
    template <class Findings>
    void pass(std::chrono::milliseconds time, Findings findings) {
        for (std::chrono::milliseconds gone{0}; gone < time; gone += std::chrono::milliseconds(200)) {
            now += std::chrono::milliseconds(200);
            take(machine.tick(now, findings(*this)));
        }
    }

    static auto with_good() {
        return [](const Driver& d) { return d.good(); };
    }
    // As good as can be, but for no endpoint being there.
    static auto with_hold() {
        return [](const Driver& d) {
            auto f = d.good();
            f.hold = "no endpoint of green is usable";
            return f;
        };
    }
    static auto with_mismatch() {
        return [](const Driver& d) {
            auto f = d.good();
            f.mismatch = true;
            return f;
        };
    }
    static auto with_nothing() {
        return [](const Driver& d) { return d.nothing(); };
    }

    switchyard::control::rollout::Machine machine;
    Monotonic now{1'000'000};
    switchyard::control::rollout::Ppm weight = 0;
    std::vector<switchyard::control::rollout::Ppm> weights;
    std::vector<switchyard::control::rollout::Record> journal;
    std::vector<std::string> announced;
};
