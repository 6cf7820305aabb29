#include "control/rollout/runner/timeline.h"

#include <algorithm>
#include <cmath>

namespace switchyard::control::rollout {

namespace {

using Json = nlohmann::ordered_json;

Json arm_json(const ArmSample& arm) {
    return Json::array({arm.attempts, arm.failures, arm.p50_us, arm.p90_us, arm.p99_us});
}

ArmSample arm_from(const Json& json) {
    return {json.at(0), json.at(1), json.at(2), json.at(3), json.at(4)};
}

}  // namespace

void Timeline::add(Sample sample) {
    if (samples_.size() >= kMost) {
        std::vector<Sample> fewer;
        for (std::size_t i = 0; i + 1 < samples_.size(); i += 2) {
            Sample kept = samples_[i + 1];
            kept.from.attempts += samples_[i].from.attempts, kept.from.failures += samples_[i].from.failures;
            kept.to.attempts += samples_[i].to.attempts, kept.to.failures += samples_[i].to.failures;
            fewer.push_back(std::move(kept));
        }
        samples_ = std::move(fewer);
        interval_ *= 2;
    }
    samples_.push_back(std::move(sample));
}

void Timeline::note(Sample& sample, const std::string& test, double part) {
    constexpr double kDigits = 1e4;  // more than a chart can show, and half the bytes
    const auto column = static_cast<std::size_t>(std::ranges::find(tests_, test) - tests_.begin());
    if (column == tests_.size()) tests_.push_back(test);
    if (sample.evidence.size() <= column) sample.evidence.resize(column + 1);
    sample.evidence[column] = std::round(part * kDigits) / kDigits;
}

Json Timeline::to_json() const {
    Json rows = Json::array();
    for (const Sample& s : samples_)
        rows.push_back({{"at", s.at},
                        {"weight_ppm", s.weight},
                        {"from", arm_json(s.from)},
                        {"to", arm_json(s.to)},
                        {"evidence", s.evidence}});
    return {{"interval", interval_},
            {"arms", "attempts, failures, p50_us, p90_us, p99_us"},
            {"tests", tests_},
            {"samples", std::move(rows)}};
}

Timeline Timeline::from_json(const Json& json) {
    Timeline out;
    try {
        out.interval_ = json.at("interval");
        out.tests_ = json.at("tests").get<std::vector<std::string>>();
        for (const Json& row : json.at("samples"))
            out.samples_.push_back({row.at("at"), row.at("weight_ppm"), arm_from(row.at("from")),
                                    arm_from(row.at("to")), row.at("evidence")});
    } catch (const Json::exception&) {
        return {};  // of another version: the journal is what counts, the picture begins anew
    }
    return out;
}

}  // namespace switchyard::control::rollout
